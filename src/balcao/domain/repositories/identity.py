"""Ports of identity: prefeituras, their people, and what proves who they are."""

from datetime import datetime
from typing import Protocol

from balcao.domain.idempotency import IdempotentAnswer
from balcao.domain.identity import ApiKey, Invitation, LoginSession
from balcao.domain.ids import ApiKeyId, LoginSessionId, PrefeituraId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel, Usuario


class PrefeituraRepository(Protocol):
    """The tenants. Inside a tenant's unit of work only its own row exists."""

    async def save(self, prefeitura: Prefeitura) -> Prefeitura:
        """Insert the prefeitura, or update the one with its id (operator's unit of work only).

        Raises:
            DuplicatePrefeitura: another one has its slug or IBGE code.
        """
        ...

    async def find_by_id(self, prefeitura_id: PrefeituraId) -> Prefeitura | None:
        """The prefeitura, if visible to this unit of work."""
        ...

    async def find_by_slug(self, slug: str) -> Prefeitura | None:
        """The prefeitura with this slug, suspended or not, if visible to this unit of work."""
        ...

    async def find_all(self) -> list[Prefeitura]:
        """Every visible prefeitura by name."""
        ...

    async def find_page(self, limit: int, after: PrefeituraId | None) -> list[Prefeitura]:
        """Visible prefeituras by name, those behind this one; none when it is unknown."""
        ...

    async def public_id(self) -> PrefeituraId | None:
        """Id of the installation's public prefeitura; needs no tenant."""
        ...

    async def id_of_slug(self, slug: str) -> PrefeituraId | None:
        """Id of the prefeitura with this slug; needs no tenant."""
        ...

    async def make_public(self, prefeitura_id: PrefeituraId) -> None:
        """Make this the one public prefeitura (operator's unit of work only)."""
        ...


class UsuarioRepository(Protocol):
    """The people of the unit of work's prefeitura."""

    async def save(self, usuario: Usuario) -> Usuario:
        """Insert the person, or update the one with this id.

        Raises:
            DuplicateUsuario: somebody of the installation, of any prefeitura, has this e-mail.
        """
        ...

    async def find_by_id(self, usuario_id: UsuarioId) -> Usuario | None:
        """The person, unless erased."""
        ...

    async def lock(self, usuario_id: UsuarioId) -> Usuario | None:
        """The person, unless erased, kept from every other change until the unit of work ends."""
        ...

    async def owner_of_email(self, email: str) -> tuple[PrefeituraId, UsuarioId] | None:
        """The prefeitura and id of the active person with this e-mail, whatever its case; needs no tenant."""
        ...

    async def any_exists(self) -> bool:
        """Whether the installation has a person at all; needs no tenant."""
        ...

    async def find_by_email(self, email: str) -> Usuario | None:
        """The person with this e-mail, whatever its case, unless erased."""
        ...

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[Usuario]:
        """People by name."""
        ...

    async def find_page(self, limit: int, after: UsuarioId | None) -> list[Usuario]:
        """People by name, those behind this one; none when it is unknown."""
        ...


class LoginSessionRepository(Protocol):
    """Logins of the unit of work's prefeitura."""

    async def save(self, session: LoginSession) -> None:
        """Insert the login."""
        ...

    async def owner_of_token(self, token_sha256: bytes) -> tuple[PrefeituraId, LoginSessionId] | None:
        """Whose login has, or had last, this refresh token; needs no tenant."""
        ...

    async def find(self, session_id: LoginSessionId) -> LoginSession | None:
        """The login."""
        ...

    async def rotate(self, session_id: LoginSessionId, *, old_sha256: bytes, new_sha256: bytes, now: datetime) -> bool:
        """Replace the refresh token in one UPDATE; False unless the old one is the valid one of a live login."""
        ...

    async def revoke(self, session_id: LoginSessionId, now: datetime) -> None:
        """End one login."""
        ...

    async def revoke_all(self, usuario_id: UsuarioId, now: datetime) -> int:
        """End every login of a person; how many."""
        ...


class InvitationRepository(Protocol):
    """Invitations of the unit of work's prefeitura."""

    async def save(self, invitation: Invitation) -> None:
        """Insert the invitation; earlier ones of the same person stop working."""
        ...

    async def owner_of_token(self, token_sha256: bytes) -> PrefeituraId | None:
        """Whose invitation has this token; needs no tenant."""
        ...

    async def use(self, token_sha256: bytes, now: datetime) -> UsuarioId | None:
        """Spend a valid invitation in one UPDATE; whose it was, None when it is unknown, used or expired."""
        ...


class ApiKeyRepository(Protocol):
    """API keys of the unit of work's prefeitura."""

    async def save(self, key: ApiKey) -> ApiKey:
        """Insert the key."""
        ...

    async def find_all(self) -> list[ApiKey]:
        """Keys by name, revoked ones included."""
        ...

    async def find_page(self, limit: int, after: ApiKeyId | None) -> list[ApiKey]:
        """Keys by name, revoked ones included, those behind this one; none when it is unknown."""
        ...

    async def revoke(self, key_id: ApiKeyId, now: datetime) -> bool:
        """Stop a key from working; False when there is none working."""
        ...

    async def owner_of_secret(self, secret_sha256: bytes) -> tuple[PrefeituraId, ApiKeyId, Papel] | None:
        """The working key with this secret, of an active prefeitura; needs no tenant."""
        ...

    async def touch(self, key_id: ApiKeyId, now: datetime) -> None:
        """Note the key's use, to the minute."""
        ...


class CounterRepository(Protocol):
    """Bounded counts by scope, subject and window: login attempts, anonymous questions. They belong to no tenant."""

    async def take(self, scope: str, subject: bytes, window: datetime, *, limit: int) -> bool:
        """Count one more in one statement; False, and nothing counted, when ``limit`` is reached.

        ``subject`` is a digest, never an e-mail or an address in clear; ``window`` is the window's first instant.
        """
        ...

    async def give_back(self, scope: str, subject: bytes, window: datetime) -> None:
        """Count one less: what was counted turned out not to matter."""
        ...

    async def forget_before(self, window: datetime) -> int:
        """Remove counts of windows before this instant; how many."""
        ...


class IdempotencyRepository(Protocol):
    """Answers already given, by Idempotency-Key, in the unit of work's prefeitura."""

    async def begin(self, key_sha256: bytes, request_sha256: bytes, now: datetime) -> IdempotentAnswer | None:
        """Claim the key for a request: None when it is ours now, otherwise what is known of the earlier one.

        A claim left without an answer for longer than CLAIM_LIFE is taken over.
        """
        ...

    async def finish(self, key_sha256: bytes, status: int, sealed_body: bytes) -> None:
        """Keep the answer."""
        ...

    async def abandon(self, key_sha256: bytes) -> None:
        """Forget the claim: the request failed and may be tried again."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Remove answers given before this instant; how many."""
        ...
