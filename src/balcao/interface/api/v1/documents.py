"""The collection of documents."""

from fastapi import APIRouter

from balcao.application.use_cases.search_documents import SearchRequest
from balcao.interface.api.idempotency import ACCEPTS_KEY, IdempotentRoute
from balcao.interface.api.schemas import SearchBody, SearchView, errors
from balcao.interface.dependencies.providers import ClientDep, ContainerDep, LoggedInDep

router = APIRouter(prefix="/documents", tags=["documents"], route_class=IdempotentRoute)


@router.post(
    "/search",
    summary="Buscar trechos",
    dependencies=[ACCEPTS_KEY],
    responses=errors(400, 401, 404, 409, 422, 429, 502),
)
async def search(body: SearchBody, container: ContainerDep, principal: LoggedInDep, client: ClientDep) -> SearchView:
    """Devolve os trechos mais próximos da busca, do melhor para o pior, sem corte por relevância.

    Só procura em documentos vigentes hoje; `na_data` procura nos vigentes em outro dia e `incluir_revogados`, em todos.
    O `title` de um trecho diz quando o documento dele não está em vigor.
    """
    found = await container.search.execute(
        SearchRequest(
            query=body.query,
            n_results=body.n_results,
            filter=body.filter(container.directory),
            principal=principal,
            address=client.address,
        )
    )
    return SearchView.of(found)
