"""Change one's own password."""

from dataclasses import dataclass, field, replace

from balcao.application.audit_trail import AuditTrail
from balcao.application.login_tokens import LoginTokens, TokenPair
from balcao.application.ports import Clock, PasswordHasher
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.credentials import (
    ATTEMPTS_PER_WINDOW,
    attempt_window,
    check_password,
    digest,
    normal_password,
    seconds_to_next_window,
)
from balcao.domain.errors import InvalidCredentials, TooManyAttempts
from balcao.domain.identity import Principal
from balcao.domain.ids import UsuarioId
from balcao.domain.usuario import Usuario

_SCOPE = "senha-pessoa"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePasswordRequest:
    """The current password proves that it is not just somebody at an open screen."""

    principal: Principal
    current: str = field(repr=False)
    new: str = field(repr=False)


class ChangePasswordUseCase:
    """Replaces the password. Every token given until then stops working; the answer brings this device new ones."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        hasher: PasswordHasher,
        tokens: LoginTokens,
        clock: Clock,
        trail: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._tokens = tokens
        self._clock = clock
        self._trail = trail

    async def execute(self, request: ChangePasswordRequest) -> TokenPair:
        """Change it.

        Raises:
            AuthenticationRequired, PermissionDenied: no person is asking.
            InvalidCredentials: the current password is another.
            WeakPassword: the new one is not fit.
            TooManyAttempts: the current password was guessed too often.
        """
        principal = request.principal
        usuario_id = principal.require_person()
        current = normal_password(request.current, param="senha_atual")
        usuario = await self._count_and_find(principal, usuario_id)
        new = check_password(request.new, usuario.email, param="senha_nova")
        if not await self._hasher.verify(current, usuario.senha_hash):
            raise InvalidCredentials(param="senha_atual")
        new_hash = await self._hasher.hash(new)
        async with self._open_work(principal.prefeitura_id) as work:
            found = await work.usuarios.lock(usuario_id)
            if found is None or not found.ativo or found.senha_hash != usuario.senha_hash:
                raise InvalidCredentials(param="senha_atual")  # it changed since it was read
            changed = replace(found, senha_hash=new_hash, versao_token=found.versao_token + 1)
            now = self._clock.now()
            await work.login_sessions.revoke_all(usuario_id, now)
            pair = await self._tokens.open_login(work, await work.usuarios.save(changed), now)
            prefeitura_id = principal.prefeitura_id
            await self._trail.act(work, principal, AuditKind.PASSWORD_CHANGED, prefeitura_id, subject=usuario_id)
        return pair

    async def _count_and_find(self, principal: Principal, usuario_id: UsuarioId) -> Usuario:
        now = self._clock.now()
        async with self._open_work(principal.prefeitura_id) as work:
            subject = digest(str(usuario_id))
            allowed = await work.counters.take(_SCOPE, subject, attempt_window(now), limit=ATTEMPTS_PER_WINDOW)
            usuario = await work.usuarios.find_by_id(usuario_id)
        if not allowed:
            raise TooManyAttempts(retry_after_seconds=seconds_to_next_window(now))
        if usuario is None:
            raise InvalidCredentials
        return usuario
