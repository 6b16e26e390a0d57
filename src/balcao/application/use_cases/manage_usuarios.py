"""Invite, list, disable and promote the people of a prefeitura: a gestor in his own, an operador in any."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import Clock
from balcao.application.tenancy import managed_prefeitura_id
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.credentials import digest, new_secret, normal_email
from balcao.domain.errors import PermissionDenied, UsuarioNotFound
from balcao.domain.identity import INVITATION_LIFE, Invitation, Principal
from balcao.domain.ids import InvitationId, UsuarioId
from balcao.domain.usuario import Papel, Usuario, check_nome


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteRequest:
    """A new person; ``prefeitura_slug`` None means the asker's prefeitura."""

    principal: Principal
    nome: str
    email: str
    papel: Papel = Papel.SERVIDOR
    prefeitura_slug: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The person, and the token of the link by which he sets his password: it is shown once."""

    usuario: Usuario
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsuariosRequest:
    """A page of ``limit`` people, those behind ``after``."""

    principal: Principal
    prefeitura_slug: str | None = None
    limit: int = 100
    after: UsuarioId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsuarioRequest:
    """What is done to one person; ``prefeitura_slug`` None means the asker's prefeitura."""

    principal: Principal
    usuario_id: UsuarioId
    prefeitura_slug: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoleRequest:
    """A new role for one person; ``prefeitura_slug`` None means the asker's prefeitura."""

    principal: Principal
    usuario_id: UsuarioId
    papel: Papel
    prefeitura_slug: str | None = None


class InviteUsuarioUseCase:
    """Adds a person, who gets in when he accepts his invitation."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._trail = trail

    async def execute(self, request: InviteRequest) -> Invited:
        """Add and invite.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker may not give this role.
            InvalidInput: the name or the e-mail is not usable.
            DuplicateUsuario: somebody of the installation has this e-mail.
            PrefeituraNotFound: there is none with this slug that the asker may manage.
        """
        request.principal.require_grant(request.papel)
        nome, email = check_nome(request.nome), normal_email(request.email)
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        new = Usuario(id=UsuarioId(uuid4()), prefeitura_id=prefeitura_id, nome=nome, email=email, papel=request.papel)
        async with self._open_work(prefeitura_id) as work:
            invited = await _invite(work, await work.usuarios.save(new), self._clock.now())
            details = {"papel": new.papel}
            await self._trail.act(
                work, request.principal, AuditKind.USUARIO_CREATED, prefeitura_id, details, subject=new.id
            )
        return invited


class RenewInvitationUseCase:
    """Makes a new link for a person: the first one was lost, or the password was."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._trail = trail

    async def execute(self, request: UsuarioRequest) -> Invited:
        """Invite again; earlier links stop working, the password works until the new link is used.

        Raises:
            AuthenticationRequired: nobody is logged in.
            PermissionDenied: the asker may not, or the person has a password and the asker is not an operador: a
                gestor who could set it would read a colleague's conversations.
            UsuarioNotFound: there is no such person in this prefeitura.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            usuario = await _managed(work, request.principal, request.usuario_id)
            if usuario.senha_hash is not None and request.principal.papel is not Papel.OPERADOR:
                raise PermissionDenied("Esta pessoa já tem senha; peça a um operador que refaça o convite.")
            invited = await _invite(work, usuario, self._clock.now())
            await self._trail.act(work, request.principal, AuditKind.USUARIO_INVITED, prefeitura_id, subject=usuario.id)
        return invited


class ListUsuariosUseCase:
    """Reads the people of a prefeitura."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ListUsuariosRequest) -> list[Usuario]:
        """A page by name; the next one comes ``after`` its last person.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker manages nobody.
            PrefeituraNotFound: there is none with this slug that the asker may manage.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            return await work.usuarios.find_page(request.limit, request.after)


class DisableUsuarioUseCase:
    """Shuts a person out at once, and keeps what he wrote; EnableUsuarioUseCase lets him in again."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._trail = trail

    async def execute(self, request: UsuarioRequest) -> Usuario:
        """Disable the person and end his logins.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker has no power over this person.
            UsuarioNotFound: there is no such person in this prefeitura.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            usuario = await _managed(work, request.principal, request.usuario_id)
            await work.login_sessions.revoke_all(usuario.id, self._clock.now())
            saved = await work.usuarios.save(replace(usuario, ativo=False, versao_token=usuario.versao_token + 1))
            await self._trail.act(
                work, request.principal, AuditKind.USUARIO_DISABLED, prefeitura_id, subject=usuario.id
            )
        return saved


class EnableUsuarioUseCase:
    """Lets a disabled person in again, with the password he had."""

    def __init__(self, open_work: TenantUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: UsuarioRequest) -> Usuario:
        """Enable the person.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker has no power over this person.
            UsuarioNotFound: there is no such person in this prefeitura.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            usuario = await _managed(work, request.principal, request.usuario_id)
            saved = await work.usuarios.save(replace(usuario, ativo=True))
            await self._trail.act(work, request.principal, AuditKind.USUARIO_ENABLED, prefeitura_id, subject=usuario.id)
        return saved


class ChangeRoleUseCase:
    """Gives a person another role, from his next request on."""

    def __init__(self, open_work: TenantUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: ChangeRoleRequest) -> Usuario:
        """Change it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker may not give this role, or not to this person.
            UsuarioNotFound: there is no such person in this prefeitura.
        """
        request.principal.require_grant(request.papel)
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            usuario = await _managed(work, request.principal, request.usuario_id)
            saved = await work.usuarios.save(replace(usuario, papel=request.papel))
            details = {"antes": usuario.papel, "depois": saved.papel}
            await self._trail.act(
                work, request.principal, AuditKind.ROLE_CHANGED, prefeitura_id, details, subject=usuario.id
            )
        return saved


async def _managed(work: UnitOfWork, principal: Principal, usuario_id: UsuarioId) -> Usuario:
    """The person, locked until the unit of work ends, so that two changes at once are both kept."""
    usuario = await work.usuarios.lock(usuario_id)
    if usuario is None:
        raise UsuarioNotFound
    principal.require_power_over(usuario)
    return usuario


async def _invite(work: UnitOfWork, usuario: Usuario, now: datetime) -> Invited:
    token = new_secret()
    invitation = Invitation(
        id=InvitationId(uuid4()),
        prefeitura_id=usuario.prefeitura_id,
        usuario_id=usuario.id,
        token_sha256=digest(token),
        expires_at=now + INVITATION_LIFE,
    )
    await work.invitations.save(invitation)
    return Invited(usuario=usuario, token=token, expires_at=invitation.expires_at)
