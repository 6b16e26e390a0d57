"""The prefeituras of the installation."""

from uuid import UUID

from fastapi import APIRouter

from balcao.application.use_cases.manage_prefeituras import (
    CreatePrefeituraRequest,
    EditPrefeituraRequest,
    ListPrefeiturasRequest,
    ReadPrefeituraRequest,
)
from balcao.domain.ids import PrefeituraId
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.identity_schemas import CreatePrefeituraBody, EditPrefeituraBody, PrefeituraView
from balcao.interface.api.paging import PAGE_SIZE, CursorQuery, LimitQuery, PageView, id_in, page_of
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ContainerDep, PrincipalDep

router = APIRouter(prefix="/prefeituras", tags=["prefeituras"], route_class=IdempotentRoute)


@router.get("", summary="Listar prefeituras", responses=errors(400, 401, 404))
async def list_prefeituras(
    container: ContainerDep, principal: PrincipalDep, limite: LimitQuery = PAGE_SIZE, cursor: CursorQuery = None
) -> PageView[PrefeituraView]:
    """Por nome: todas, para um operador; a própria, para os demais."""
    after = id_in(cursor)
    found = await container.list_prefeituras.execute(
        ListPrefeiturasRequest(
            principal=principal, limit=limite + 1, after=PrefeituraId(after) if after is not None else None
        )
    )
    return page_of(found, limite, PrefeituraView.of, lambda prefeitura: prefeitura.id)


@router.post(
    "",
    summary="Criar prefeitura",
    status_code=201,
    openapi_extra=ACCEPTS_KEY,
    responses=errors(400, 401, 403, 404, 409, 422),
)
async def create_prefeitura(
    body: CreatePrefeituraBody, container: ContainerDep, principal: PrincipalDep
) -> PrefeituraView:
    """Cria uma prefeitura; a UF e o código IBGE dizem de quais normas ela recebe respostas."""
    request = CreatePrefeituraRequest(
        principal=principal,
        nome=body.nome,
        slug=body.slug,
        uf=body.uf,
        ibge=body.ibge,
        publica=body.publica,
        quota_tokens=body.quota_tokens,
        dia_contrato=body.dia_contrato,
    )
    return PrefeituraView.of(await container.create_prefeitura.execute(request))


@router.get("/{prefeitura_id}", summary="Ler prefeitura", responses=errors(401, 404))
async def read_prefeitura(prefeitura_id: UUID, container: ContainerDep, principal: PrincipalDep) -> PrefeituraView:
    """Uma prefeitura: qualquer uma, para um operador; a própria, para os demais."""
    request = ReadPrefeituraRequest(principal=principal, prefeitura_id=PrefeituraId(prefeitura_id))
    return PrefeituraView.of(await container.read_prefeitura.execute(request))


@router.patch("/{prefeitura_id}", summary="Alterar prefeitura", responses=errors(400, 401, 403, 404, 409))
async def edit_prefeitura(
    prefeitura_id: UUID, body: EditPrefeituraBody, container: ContainerDep, principal: PrincipalDep
) -> PrefeituraView:
    """Altera o que for enviado. Com `ativo` falso a prefeitura fica suspensa: ninguém dela entra até ser reativada."""
    request = EditPrefeituraRequest(
        principal=principal,
        prefeitura=PrefeituraId(prefeitura_id),
        nome=body.nome,
        uf=body.uf,
        ibge=body.ibge,
        quota_tokens=body.quota_tokens,
        dia_contrato=body.dia_contrato,
        publica=body.publica,
        ativo=body.ativo,
    )
    return PrefeituraView.of(await container.edit_prefeitura.execute(request))
