"""The collection of documents."""

from fastapi import APIRouter

from balcao.application.use_cases.search_documents import SearchRequest
from balcao.interface.api.schemas import ErrorView, SearchBody, SearchView
from balcao.interface.dependencies.providers import ContainerDep

router = APIRouter(prefix="/documents", tags=["documents"])


@router.post(
    "/search",
    summary="Buscar trechos",
    responses={status: {"model": ErrorView} for status in (400, 404, 500, 502, 503)},
)
async def search(body: SearchBody, container: ContainerDep) -> SearchView:
    """Devolve os trechos mais próximos da busca, do melhor para o pior, sem corte por relevância."""
    found = await container.search.execute(SearchRequest(query=body.query, n_results=body.n_results))
    return SearchView.of(found)
