"""Exchange a refresh token for the next pair of tokens."""

from balcao.application.login_tokens import LoginTokens, TokenPair
from balcao.application.ports import Clock
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.credentials import digest, new_secret
from balcao.domain.errors import InvalidCredentials
from balcao.domain.ids import LoginSessionId


class RefreshLoginUseCase:
    """Rotates a login's refresh token. One that was already exchanged was copied: its login ends (RFC 9700, 4.14.2)."""

    def __init__(self, open_work: TenantUnitOfWork, tokens: LoginTokens, clock: Clock) -> None:
        self._open_work = open_work
        self._tokens = tokens
        self._clock = clock

    async def execute(self, refresh_token: str) -> TokenPair:
        """The next pair. Of two exchanges at the same instant one wins, and the login goes on.

        Raises:
            InvalidCredentials: the token is unknown, used, expired or revoked, or its person or prefeitura not active.
        """
        async with self._open_work() as work:
            owner = await work.login_sessions.owner_of_token(digest(refresh_token))
        if owner is None:
            raise InvalidCredentials
        prefeitura_id, login_id = owner
        async with self._open_work(prefeitura_id) as work:
            pair = await self._exchange(work, login_id, refresh_token)
        if pair is None:  # after the commit: a login that ended here stays ended
            raise InvalidCredentials
        return pair

    async def _exchange(self, work: UnitOfWork, login_id: LoginSessionId, refresh_token: str) -> TokenPair | None:
        now, old = self._clock.now(), digest(refresh_token)
        login = await work.login_sessions.find(login_id)
        usuario = await work.usuarios.find_by_id(login.usuario_id) if login else None
        prefeitura = await work.prefeituras.find_by_id(login.prefeitura_id) if login else None
        if login is None or usuario is None or prefeitura is None:
            return None
        if old == login.previous_sha256:
            await work.login_sessions.revoke(login_id, now)
            return None
        if not (usuario.ativo and prefeitura.ativo):
            return None
        new = new_secret()
        if not await work.login_sessions.rotate(login_id, old_sha256=old, new_sha256=digest(new), now=now):
            return None
        return self._tokens.pair(usuario, login_id, new, now)
