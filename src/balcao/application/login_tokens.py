"""What a client holds after a login."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from balcao.application.ports import AccessClaims, TokenSigner
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.credentials import digest, new_secret
from balcao.domain.identity import ACCESS_TOKEN_LIFE, LOGIN_SESSION_LIFE, LoginSession
from balcao.domain.ids import LoginSessionId
from balcao.domain.usuario import Usuario


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """A short-lived access token, and the refresh token that brings the next pair and works once."""

    access_token: str = field(repr=False)
    expires_in_seconds: int
    refresh_token: str = field(repr=False)


class LoginTokens:
    """Opens logins and issues their tokens; the use cases that let a person in share it."""

    def __init__(self, signer: TokenSigner) -> None:
        self._signer = signer

    async def open_login(self, work: UnitOfWork, usuario: Usuario, now: datetime) -> TokenPair:
        """Keep a new login of this person in the unit of work, and hand out its tokens."""
        refresh_token = new_secret()
        login = LoginSession(
            id=LoginSessionId(uuid4()),
            prefeitura_id=usuario.prefeitura_id,
            usuario_id=usuario.id,
            token_sha256=digest(refresh_token),
            expires_at=now + LOGIN_SESSION_LIFE,
        )
        await work.login_sessions.save(login)
        return self.pair(usuario, login.id, refresh_token, now)

    def pair(self, usuario: Usuario, login: LoginSessionId, refresh_token: str, now: datetime) -> TokenPair:
        """The tokens of a login whose refresh token is this one."""
        claims = AccessClaims(
            prefeitura_id=usuario.prefeitura_id,
            usuario_id=usuario.id,
            login_session_id=login,
            version=usuario.versao_token,
        )
        return TokenPair(
            access_token=self._signer.access_token(claims, now=now),
            expires_in_seconds=int(ACCESS_TOKEN_LIFE.total_seconds()),
            refresh_token=refresh_token,
        )
