"""Search the documents that a prefeitura's questions are answered from."""

import time
from dataclasses import dataclass, field

from balcao.application.daily_limits import Asker, DailyLimits
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Clock
from balcao.application.tenancy import own_prefeitura_id, prefeitura_id_of
from balcao.application.unit_of_work import ReadCollection, TenantUnitOfWork
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.search import Passage, SearchFilter
from balcao.domain.text import clean_question


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """``prefeitura`` is a slug; None for the public one. ``n_results`` is in 1..100; ``filter`` says which documents.

    Where a ``principal`` searches, the prefeitura is his; ``address`` says by what searches without a login are
    counted.
    """

    query: str
    n_results: int = 5
    filter: SearchFilter = field(default_factory=SearchFilter)
    prefeitura: str | None = None
    principal: Principal | None = None
    address: str | None = field(default=None, repr=False)

    @property
    def asker(self) -> Asker:
        """Whom the search is counted for; nobody where somebody logged in."""
        return Asker() if self.principal and not self.principal.is_anonymous else Asker(address=self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResponse:
    """Passages, best first, without a relevance cut-off; ``query_time`` in seconds."""

    passages: list[Passage]
    query_time: float


class SearchDocumentsUseCase:
    """Finds passages; keeps nothing."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        read: ReadCollection,
        search: PassageSearch,
        clock: Clock,
        limits: DailyLimits,
    ) -> None:
        self._open_work = open_work
        self._read = read
        self._search = search
        self._clock = clock
        self._limits = limits

    async def execute(self, request: SearchRequest) -> SearchResponse:
        """Search.

        Raises:
            EmptyMessage, InvalidText: the query is not usable.
            PrefeituraNotFound: there is no such prefeitura, or it is not the principal's.
            DailyLimitReached: the address had its anonymous questions and searches of today.
            ProviderError: the query could not be embedded.
        """
        started = time.perf_counter()
        query = clean_question(request.query, param="query")
        prefeitura_id = await self._prefeitura_id(request)
        async with self._open_work(prefeitura_id) as work:
            await self._limits.take(work, request.asker, self._clock.now())
            inquiry = await self._search.inquire(work, prefeitura_id, query, request.filter)
        embedding, _ = await self._search.embed(inquiry)
        async with self._read() as reader:
            passages = await self._search.find(reader, inquiry, embedding, request.n_results)
        return SearchResponse(passages=passages, query_time=time.perf_counter() - started)

    async def _prefeitura_id(self, request: SearchRequest) -> PrefeituraId:
        if request.principal is None:
            return await prefeitura_id_of(self._read, request.prefeitura)
        return await own_prefeitura_id(self._read, request.principal, request.prefeitura)
