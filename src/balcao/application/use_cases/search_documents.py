"""Search the documents that a prefeitura's questions are answered from."""

import time
from dataclasses import dataclass

from balcao.application.passage_search import PassageSearch
from balcao.application.tenancy import prefeitura_id_of
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.search import Passage
from balcao.domain.text import clean_question


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """``prefeitura`` is a slug; None for the public one. ``n_results`` is in 1..100."""

    query: str
    n_results: int = 5
    prefeitura: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResponse:
    """Passages, best first, without a relevance cut-off; ``query_time`` in seconds."""

    passages: list[Passage]
    query_time: float


class SearchDocumentsUseCase:
    """Finds passages; keeps nothing."""

    def __init__(self, open_work: TenantUnitOfWork, search: PassageSearch) -> None:
        self._open_work = open_work
        self._search = search

    async def execute(self, request: SearchRequest) -> SearchResponse:
        """Search.

        Raises:
            EmptyMessage, InvalidText: the query is not usable.
            PrefeituraNotFound: there is no such prefeitura.
            ProviderError: the query could not be embedded.
        """
        started = time.perf_counter()
        query = clean_question(request.query, param="query")
        prefeitura_id = await prefeitura_id_of(self._open_work, request.prefeitura)
        async with self._open_work(prefeitura_id) as work:
            scope = await self._search.scope(work, prefeitura_id, query)
        embedding, _ = await self._search.embed(query)
        async with self._open_work(prefeitura_id) as work:
            passages = await self._search.find(work, query, embedding, scope, request.n_results)
        return SearchResponse(passages=passages, query_time=time.perf_counter() - started)
