"""The people of a prefeitura."""

from uuid import UUID

from fastapi import APIRouter

from balcao.application.use_cases.manage_usuarios import (
    ChangeRoleRequest,
    InviteRequest,
    ListUsuariosRequest,
    UsuarioRequest,
)
from balcao.domain.ids import UsuarioId
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.identity_schemas import EditUsuarioBody, InviteBody, InvitedView, SlugQuery, UsuarioView
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, id_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/usuarios", tags=["usuarios"], route_class=IdempotentRoute)


@router.get("", summary="Listar pessoas", responses=errors(400, 401, 403, 404))
async def list_usuarios(
    container: ContainerDep,
    principal: PrincipalDep,
    prefeitura: SlugQuery = None,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[UsuarioView]:
    """As pessoas da prefeitura, por nome."""
    after = id_in(cursor)
    found = await container.identity.list_usuarios.execute(
        ListUsuariosRequest(
            principal=principal,
            prefeitura_slug=prefeitura,
            limit=limite + 1,
            after=UsuarioId(after) if after is not None else None,
        )
    )
    return page_of(found, limite, UsuarioView.of, lambda usuario: usuario.id)


@router.post(
    "",
    summary="Convidar pessoa",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 404, 409, 422),
)
async def invite(
    body: InviteBody, container: ContainerDep, principal: PrincipalDep, prefeitura: SlugQuery = None
) -> InvitedView:
    """Cria a pessoa e um convite, mostrado só agora, com que ela define a senha em `POST /api/v1/auth/senha`."""
    request = InviteRequest(
        principal=principal, nome=body.nome, email=body.email, papel=body.papel, prefeitura_slug=prefeitura
    )
    return InvitedView.of(await container.identity.invite_usuario.execute(request))


@router.post(
    "/{usuario_id}/convite",
    summary="Refazer o convite",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 404, 409, 422),
)
async def renew_invitation(
    usuario_id: UUID, container: ContainerDep, principal: PrincipalDep, prefeitura: SlugQuery = None
) -> InvitedView:
    """Faz outro convite; os anteriores deixam de valer. De quem já tem senha, só um operador refaz."""
    request = UsuarioRequest(principal=principal, usuario_id=UsuarioId(usuario_id), prefeitura_slug=prefeitura)
    return InvitedView.of(await container.identity.renew_invitation.execute(request))


@router.patch("/{usuario_id}", summary="Alterar pessoa", responses=errors(400, 401, 403, 404))
async def edit_usuario(
    usuario_id: UUID,
    body: EditUsuarioBody,
    container: ContainerDep,
    principal: PrincipalDep,
    prefeitura: SlugQuery = None,
) -> UsuarioView:
    """Muda o papel, ou tira (`ativo` falso) e devolve o acesso. Vale a partir do próximo pedido da pessoa."""
    identity = container.identity
    person = UsuarioRequest(principal=principal, usuario_id=UsuarioId(usuario_id), prefeitura_slug=prefeitura)
    if body.papel is not None:
        role = ChangeRoleRequest(
            principal=principal, usuario_id=person.usuario_id, papel=body.papel, prefeitura_slug=prefeitura
        )
        return UsuarioView.of(await identity.change_role.execute(role))
    return UsuarioView.of(await (identity.enable_usuario if body.ativo else identity.disable_usuario).execute(person))
