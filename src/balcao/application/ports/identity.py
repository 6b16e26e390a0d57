"""Ports of identity: passwords, tokens, providers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId


class PasswordHasher(Protocol):
    """Hashes passwords slowly on purpose; bounds how many at once, since each takes memory."""

    async def hash(self, password: str) -> str:
        """The hash to keep, with its parameters."""
        ...

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether the password is the kept one's. Without a kept one it works as long and answers False."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Whether the kept hash was made with weaker parameters than today's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What an access token says: the person, his prefeitura, his login, and the version his tokens had."""

    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId
    login_session_id: LoginSessionId
    version: int


class TokenSigner(Protocol):
    """Signs what clients hold and bring back: access tokens and cookies."""

    def access_token(self, claims: AccessClaims, *, now: datetime) -> str:
        """A token that proves these claims for ACCESS_TOKEN_LIFE."""
        ...

    def read_access_token(self, token: str, *, now: datetime) -> AccessClaims:
        """The claims of a token that we signed and that is in its time.

        Raises:
            InvalidCredentials: anything else.
        """
        ...

    def cookie(self, purpose: str, value: str) -> str:
        """A signed value for one purpose only."""
        ...

    def read_cookie(self, purpose: str, cookie: str) -> str | None:
        """The value, or None when we did not sign it for this purpose."""
        ...

    def seal(self, body: bytes, key: bytes) -> bytes:
        """Encrypt under the installation's secret and this key."""
        ...

    def unseal(self, sealed: bytes, key: bytes) -> bytes:
        """What was sealed under this key.

        Raises:
            InvalidCredentials: it was sealed under another one.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidedIdentity:
    """Who an identity provider says is there. ``email_verified``: the provider made sure that the e-mail is his."""

    issuer: str
    subject: str = field(repr=False)
    email: str | None = field(repr=False)
    email_verified: bool


class IdentityProvider(Protocol):
    """Identifies people by OpenID Connect's authorization code flow with PKCE (RFC 7636)."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    async def authorization(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        """The address that a person's browser is to be sent to; ``code_challenge`` is by the method S256.

        Raises:
            ProviderUnavailable: the provider does not say where.
        """
        ...

    async def identity(self, code: str, *, code_verifier: str, nonce: str, redirect_uri: str) -> ProvidedIdentity:
        """Who came back with this code, proved by the provider's signature over this nonce.

        Raises:
            InvalidCredentials: the code works no more, or what the provider answered proves nothing.
            ProviderUnavailable: the provider does not answer.
            ProviderRefused: the provider does not know this installation.
        """
        ...
