"""People and programs that speak to the API, each with the header that proves it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from balcao.application.login_tokens import TokenPair
from balcao.domain.credentials import digest, new_secret
from balcao.domain.identity import INVITATION_LIFE, Invitation
from balcao.domain.ids import InvitationId, PrefeituraId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.argon2_hasher import Argon2PasswordHasher
from balcao.interface.dependencies.container import Container
from tests.factories import a_prefeitura

PASSWORD = "uma senha comprida"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who is logged in."""

    usuario: Usuario
    tokens: TokenPair

    @property
    def headers(self) -> dict[str, str]:
        """What his requests carry."""
        return bearer(self.tokens.access_token)


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


class Accounts:
    """Makes people, and logs them in without the price of a password unless one is asked for."""

    def __init__(self, container: Container, database: Database) -> None:
        self._container = container
        self._database = database

    async def person(
        self,
        prefeitura_id: PrefeituraId,
        papel: Papel = Papel.SERVIDOR,
        *,
        nome: str = "ana",
        password: str | None = None,
    ) -> Account:
        """A new person of this prefeitura, logged in; the e-mail is made of the name and the prefeitura's id."""
        usuario = Usuario(
            id=UsuarioId(uuid4()),
            prefeitura_id=prefeitura_id,
            nome=nome,
            email=f"{nome}-{uuid4().hex[:12]}@exemplo.org",
            papel=papel,
            senha_hash=await Argon2PasswordHasher().hash(password) if password else None,
        )
        async with self._database.tenant(prefeitura_id) as work:
            saved = await work.usuarios.save(usuario)
            tokens = await self._container.identity.tokens.open_login(work, saved, datetime.now(UTC))
        return Account(usuario=saved, tokens=tokens)

    async def prefeitura(self, slug: str) -> Prefeitura:
        """A new prefeitura."""
        return await a_prefeitura(self._database, slug)

    async def invitation(self, usuario: Usuario) -> str:
        """The token of a new invitation of this person."""
        token = new_secret()
        async with self._database.tenant(usuario.prefeitura_id) as work:
            await work.invitations.save(
                Invitation(
                    id=InvitationId(uuid4()),
                    prefeitura_id=usuario.prefeitura_id,
                    usuario_id=usuario.id,
                    token_sha256=digest(token),
                    expires_at=datetime.now(UTC) + INVITATION_LIFE,
                )
            )
        return token

    async def public_id(self) -> PrefeituraId:
        """The public prefeitura."""
        async with self._database.tenant() as work:
            found = await work.prefeituras.public_id()
        assert found is not None
        return found
