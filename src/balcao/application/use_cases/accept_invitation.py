"""Accept an invitation by setting a password."""

from dataclasses import dataclass, field, replace

from balcao.application.audit_trail import AuditTrail
from balcao.application.login_tokens import LoginTokens, TokenPair
from balcao.application.ports import Clock, PasswordHasher
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.credentials import check_password, digest
from balcao.domain.errors import InvalidInvitation
from balcao.domain.identity import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitationRequest:
    """The token of the link, and the password that the person chose."""

    token: str = field(repr=False)
    password: str = field(repr=False)


class AcceptInvitationUseCase:
    """Gives an invited person his password and lets him in. A link works once, and only in its time."""

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

    async def execute(self, request: AcceptInvitationRequest) -> TokenPair:
        """Set the password. A refused one does not spend the invitation.

        Raises:
            InvalidInvitation: the link is unknown, used or expired, or its person or prefeitura not active.
            WeakPassword: the password is not fit.
        """
        token_sha256 = digest(request.token)
        password = check_password(request.password, "", param="senha_nova")
        async with self._open_work() as work:
            prefeitura_id = await work.invitations.owner_of_token(token_sha256)
        if prefeitura_id is None:
            raise InvalidInvitation(param="convite")
        senha_hash = await self._hasher.hash(password)
        async with self._open_work(prefeitura_id) as work:
            now = self._clock.now()
            usuario_id = await work.invitations.use(token_sha256, now)
            usuario = await work.usuarios.lock(usuario_id) if usuario_id else None
            if usuario is None or not usuario.ativo:
                raise InvalidInvitation(param="convite")
            check_password(password, usuario.email, param="senha_nova")
            changed = replace(usuario, senha_hash=senha_hash, versao_token=usuario.versao_token + 1)
            await work.login_sessions.revoke_all(usuario.id, now)
            pair = await self._tokens.open_login(work, await work.usuarios.save(changed), now)
            himself = Principal(prefeitura_id=prefeitura_id, papel=usuario.papel, usuario_id=usuario.id)
            await self._trail.act(work, himself, AuditKind.INVITATION_ACCEPTED, prefeitura_id, subject=usuario.id)
        return pair
