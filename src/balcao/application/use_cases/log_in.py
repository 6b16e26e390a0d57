"""Log in with e-mail and password."""

from dataclasses import dataclass, field, replace
from uuid import uuid4

from balcao.application.login_attempts import Attempt, LoginAttempts
from balcao.application.login_tokens import LoginTokens, TokenPair
from balcao.application.ports import Clock, PasswordHasher
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.credentials import normal_email, normal_password, seconds_to_next_window
from balcao.domain.errors import InvalidCredentials, TooManyAttempts
from balcao.domain.ids import UsuarioId
from balcao.domain.usuario import Usuario


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInRequest:
    """``address`` is the client's network address; ``device_cookie`` is what an earlier login gave this device."""

    email: str
    password: str = field(repr=False)
    address: str
    device_cookie: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInResponse:
    """The tokens, and the cookie that this device should bring next time."""

    tokens: TokenPair
    device_cookie: str = field(repr=False)


class LogInUseCase:
    """Lets a person in. Whoever does not get in learns nothing about whether the account exists."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        hasher: PasswordHasher,
        tokens: LoginTokens,
        attempts: LoginAttempts,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._tokens = tokens
        self._attempts = attempts
        self._clock = clock

    async def execute(self, request: LogInRequest) -> LogInResponse:
        """Check the password and open a login. The attempt is counted before the password is looked at.

        Raises:
            InvalidInput: the e-mail or the password is no such thing.
            InvalidCredentials: wrong e-mail or password, nobody's, of a person or prefeitura that is not active.
            TooManyAttempts: too many failed for this account, device or address.
        """
        email, password = normal_email(request.email), normal_password(request.password, param="senha")
        attempt = self._attempts.attempt(email, request.address, request.device_cookie, self._clock.now())
        usuario = await self._count_and_find(email, attempt)
        kept = usuario.senha_hash if usuario else None
        if not await self._hasher.verify(password, kept) or usuario is None or kept is None:
            raise InvalidCredentials
        fresh = await self._hasher.hash(password) if self._hasher.is_outdated(kept) else kept
        tokens = await self._enter(usuario, fresh, attempt)
        return LogInResponse(tokens=tokens, device_cookie=self._attempts.device_cookie(email))

    async def _count_and_find(self, email: str, attempt: Attempt) -> Usuario | None:
        """The active person with this e-mail; the same statements run whether there is one or not."""
        async with self._open_work() as work:
            allowed = await self._attempts.take(work, attempt)
            owner = await work.usuarios.owner_of_email(email) if allowed else None
        if not allowed:
            raise TooManyAttempts(retry_after_seconds=seconds_to_next_window(self._clock.now()))
        prefeitura_id, usuario_id = owner or (None, UsuarioId(uuid4()))
        async with self._open_work(prefeitura_id) as work:
            return await work.usuarios.find_by_id(usuario_id)

    async def _enter(self, usuario: Usuario, fresh_hash: str, attempt: Attempt) -> TokenPair:
        async with self._open_work(usuario.prefeitura_id) as work:
            current = await work.usuarios.lock(usuario.id)
            if current is None or not current.ativo or current.senha_hash != usuario.senha_hash:
                raise InvalidCredentials  # disabled, or with another password, since it was read
            if fresh_hash != current.senha_hash:
                current = await work.usuarios.save(replace(current, senha_hash=fresh_hash))
            await self._attempts.give_back(work, attempt)
            return await self._tokens.open_login(work, current, self._clock.now())
