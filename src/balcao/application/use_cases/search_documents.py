"""Search the documents that a prefeitura's questions are answered from."""

import time
from dataclasses import dataclass, field

from balcao.application.daily_limits import Asker, DailyLimits
from balcao.application.metering import Metering, Spending
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Clock
from balcao.application.tenancy import own_prefeitura_id, prefeitura_id_of
from balcao.application.unit_of_work import AutonomousReader, ReadCollection, TenantUnitOfWork
from balcao.domain.consumption import Consumer, Reservation
from balcao.domain.document import Embedding
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.search import Inquiry, Passage, SearchFilter
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
    """Passages, best first, without a relevance cut-off; ``query_time`` in seconds.

    ``by_words_alone``: the quota did not do for embedding the query.
    """

    passages: list[Passage]
    by_words_alone: bool
    query_time: float


class SearchDocumentsUseCase:
    """Finds passages; keeps nothing but what it cost, where embedding the query costs something."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        read: ReadCollection,
        search: PassageSearch,
        clock: Clock,
        limits: DailyLimits,
        metering: Metering,
    ) -> None:
        self._open_work = open_work
        self._read = read
        self._search = search
        self._clock = clock
        self._limits = limits
        self._metering = metering

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
        own_id = await self._own_id(request)
        async with self._read() as reader:
            prefeitura = await self._counted(reader, request, own_id)
            inquiry = await self._search.inquiry_of(reader, prefeitura, query, request.filter)
            if not self._search.is_paid:
                embedding, _ = await self._search.embed(inquiry)
                return _response(await self._search.find(reader, inquiry, embedding, request.n_results), started)
        paid = await self._paid_embedding(inquiry, request, prefeitura.id)
        async with self._read() as reader:
            passages = await self._search.find(reader, inquiry, paid, request.n_results)
        return _response(passages, started, by_words_alone=paid is None)

    async def _counted(
        self, reader: AutonomousReader, request: SearchRequest, own_id: PrefeituraId | None
    ) -> Prefeitura:
        """Whose search it is; once nothing else can refuse it, it is counted, and before it costs anything."""
        prefeitura = await reader.prefeitura(own_id)
        if prefeitura is None:
            raise PrefeituraNotFound(param="prefeitura")
        await self._limits.take(reader, request.asker, self._clock.now())
        return prefeitura

    async def _paid_embedding(
        self, inquiry: Inquiry, request: SearchRequest, prefeitura_id: PrefeituraId
    ) -> Embedding | None:
        """The query's vector, what it cost settled whether it came or not; None where it may not be paid for."""
        usuario_id = request.principal.usuario_id if request.principal else None
        consumer = Consumer(prefeitura_id=prefeitura_id, usuario_id=usuario_id)
        reservation = await self._reserve(consumer, inquiry.question)
        if reservation is None:
            return None
        spending = Spending()
        try:
            embedding = await self._search.embed_metered(inquiry, spending)
        except BaseException as error:
            spending.fail(error)
            raise
        finally:
            async with self._open_work(prefeitura_id) as work:
                await self._metering.settle_unanswered(work, reservation, spending.charges)
        return embedding

    async def _reserve(self, consumer: Consumer, query: str) -> Reservation | None:
        most, first_call = self._search.worst_case(query), self._search.call(query)
        async with self._open_work(consumer.prefeitura_id) as work:
            return await self._metering.reserve(work, consumer, least=most, most=most, first_call=first_call)

    async def _own_id(self, request: SearchRequest) -> PrefeituraId | None:
        """None for the public one, whose id nobody need know before its row is read."""
        if request.principal is not None:
            return await own_prefeitura_id(self._read, request.principal, request.prefeitura)
        return None if request.prefeitura is None else await prefeitura_id_of(self._read, request.prefeitura)


def _response(passages: list[Passage], started: float, *, by_words_alone: bool = False) -> SearchResponse:
    seconds = time.perf_counter() - started
    return SearchResponse(passages=passages, by_words_alone=by_words_alone, query_time=seconds)
