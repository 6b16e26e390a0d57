"""The API keys of a prefeitura."""

from uuid import UUID

from fastapi import APIRouter

from balcao.application.use_cases.manage_api_keys import CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest
from balcao.domain.ids import ApiKeyId
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.identity_schemas import ApiKeyView, CreateApiKeyBody, CreatedApiKeyView, SlugQuery
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, id_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/chaves", tags=["chaves"], route_class=IdempotentRoute)


@router.get("", summary="Listar chaves", responses=errors(400, 401, 403, 404))
async def list_keys(
    container: ContainerDep,
    principal: PrincipalDep,
    prefeitura: SlugQuery = None,
    limite: LimitQuery = PAGE_SIZE,
    cursor: CursorQuery = None,
) -> PageView[ApiKeyView]:
    """As chaves da prefeitura, por nome, com as revogadas; nunca o segredo."""
    after = id_in(cursor)
    found = await container.identity.list_api_keys.execute(
        ListApiKeysRequest(
            principal=principal,
            prefeitura_slug=prefeitura,
            limit=limite + 1,
            after=ApiKeyId(after) if after is not None else None,
        )
    )
    return page_of(found, limite, ApiKeyView.of, lambda key: key.id)


@router.post(
    "",
    summary="Criar chave",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 404, 409, 422),
)
async def create_key(
    body: CreateApiKeyBody, container: ContainerDep, principal: PrincipalDep, prefeitura: SlugQuery = None
) -> CreatedApiKeyView:
    """Cria uma chave para um programa; o segredo é mostrado só agora."""
    request = CreateApiKeyRequest(principal=principal, nome=body.nome, papel=body.papel, prefeitura_slug=prefeitura)
    return CreatedApiKeyView.of(await container.identity.create_api_key.execute(request))


@router.delete("/{chave_id}", summary="Revogar chave", status_code=204, responses=errors(401, 403, 404))
async def revoke_key(
    chave_id: UUID, container: ContainerDep, principal: PrincipalDep, prefeitura: SlugQuery = None
) -> None:
    """A chave deixa de valer na hora."""
    request = RevokeApiKeyRequest(principal=principal, key_id=ApiKeyId(chave_id), prefeitura_slug=prefeitura)
    await container.identity.revoke_api_key.execute(request)
