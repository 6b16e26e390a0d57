"""The real chat over a provider that charges, and the books that must agree however a question ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import openai

from balcao.application.alerts import QuotaAlerts
from balcao.application.audit_trail import AuditTrail
from balcao.application.metering import Metering
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Clock
from balcao.application.use_cases.chat_with_documents import ChatRules, ChatWithDocumentsUseCase
from balcao.application.use_cases.settle_expired import SettleExpiredReservationsUseCase
from balcao.domain.document import Embedding
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.prices import Prices
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.infrastructure.external.openai_client import OpenAIEmbedder, OpenAILanguageModel
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from tests.acceptance.environment import AcceptanceEnvironment
from tests.factories import a_chunk, a_document, an_embedding, publish
from tests.fakes import FakeClock

QUESTION = "Quantos dias de férias tem o servidor?"
SLUG = "medida"
LIFE = timedelta(minutes=5)

_MODEL, _EMBEDDER = "modelo-medido", "vetores-medidos"
_LAW = "O servidor tem trinta dias de férias, acumuladas até dois períodos."
_LONGEST_ANSWER = 300
_MANY = 1_000_000
_LONG = 60.0
_RULES = ChatRules(context_tokens=500, max_daily_messages=_MANY, anonymous_daily_per_address=_MANY)
_SUMS = """
    SELECT p.quota_tokens AS quota, p.tokens_consumidos AS lifetime,
           (SELECT coalesce(sum(usado), 0)::bigint FROM quota_periodo q WHERE q.prefeitura_id = p.id) AS periods,
           (SELECT coalesce(sum(reservado), 0)::bigint FROM quota_periodo q WHERE q.prefeitura_id = p.id) AS reserved,
           (SELECT coalesce(sum(estimado), 0)::bigint FROM reserva r
             WHERE r.prefeitura_id = p.id AND estado = 'aberta') AS held,
           (SELECT coalesce(sum(tokens_prompt + tokens_resposta), 0)::bigint FROM lancamento l
             WHERE l.prefeitura_id = p.id) AS ledger,
           (SELECT coalesce(sum(tokens_prompt + tokens_resposta), 0)::bigint FROM lancamento l
             WHERE l.prefeitura_id = p.id AND message_id IS NULL) AS searches,
           (SELECT coalesce(sum(tokens_usados), 0)::bigint FROM message m WHERE m.prefeitura_id = p.id) AS messages
      FROM prefeitura p WHERE slug = $1"""

Meter = Callable[[Prices, QuotaAlerts, Clock], Metering]


def meter(prices: Prices, alerts: QuotaAlerts, clock: Clock) -> Metering:
    """The metering as it is."""
    return Metering(prices, alerts, clock, life=LIFE)


def metering_of(clock: Clock, make: Meter = meter) -> Metering:
    """Metering that knows no prices and alerts nobody outside."""
    return make(Prices(known=(), exchange_rate=Decimal(5)), QuotaAlerts(), clock)


def metered_chat(
    database: Database, provider_url: str, clock: Clock, *, make: Meter = meter, patience: float = _LONG
) -> ChatWithDocumentsUseCase:
    """The use case over the real SDK, which asks once and waits ``patience`` seconds for the answer."""
    client = openai.AsyncOpenAI(api_key="x", base_url=provider_url, timeout=_LONG, max_retries=0)
    hurried = client.with_options(timeout=patience)
    counter = EstimatedTokenCounter()
    model = OpenAILanguageModel(hurried, model=_MODEL, max_tokens=_LONGEST_ANSWER, temperature=0, tokens=counter)
    embedder = OpenAIEmbedder(client, model=_EMBEDDER, tokens=counter)
    search = PassageSearch(embedder, IbgeMunicipalityDirectory([]), clock, counter)
    return ChatWithDocumentsUseCase(
        database.tenant,
        database.reader,
        search,
        model,
        counter,
        clock,
        _RULES,
        metering_of(clock, make),
        AuditTrail(clock),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The four sums, and what is held of the quota."""

    quota: int
    lifetime: int
    periods: int
    reserved: int
    held: int
    ledger: int
    searches: int
    messages: int

    @property
    def disagreements(self) -> int:
        """How many of them do not say what the ledger says."""
        return sum(value != self.ledger for value in self._totals) + (self.reserved != self.held)

    @property
    def _totals(self) -> tuple[int, int, int]:
        return self.lifetime, self.periods, self.messages + self.searches

    @property
    def spent(self) -> int:
        """By the period's counter, with what is reserved."""
        return self.periods + self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredInstallation:
    """A database with one law and one prefeitura that pays; ``admin`` sees everything."""

    accesses: DatabaseAccesses
    database: Database
    admin: asyncpg.Connection
    prefeitura_id: PrefeituraId

    async def books(self) -> Books:
        """What every book says now, in one snapshot."""
        row = await self.admin.fetchrow(_SUMS, SLUG)
        assert row is not None
        return Books(**row)

    async def settle_expired(self, now: datetime | None = None) -> int:
        """The sweep, when every reservation's time is over."""
        clock = FakeClock((now or SystemClock().now()) + 2 * LIFE)
        return await SettleExpiredReservationsUseCase(self.database.operator, metering_of(clock), clock).execute()


@asynccontextmanager
async def metered_installation(
    environment: AcceptanceEnvironment, *, quota: int, contract_day: int = 1
) -> AsyncIterator[MeteredInstallation]:
    """An installation of its own."""
    accesses = await environment.new_accesses()
    database = Database(accesses)
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    prefeitura = Prefeitura(
        id=PrefeituraId(uuid4()), nome="Medida", slug=SLUG, quota_tokens=quota, dia_contrato=contract_day
    )
    try:
        async with database.operator() as work:
            await work.prefeituras.save(prefeitura)
        law = a_document(_LAW)
        await publish(database, law, a_chunk(law, embedding=_law_vector()))
        yield MeteredInstallation(accesses=accesses, database=database, admin=admin, prefeitura_id=prefeitura.id)
    finally:
        await admin.close()
        await database.dispose()


def _law_vector() -> Embedding:
    """What the provider says of every text, so that the law is found whatever is asked."""
    return an_embedding(1.0, model=_EMBEDDER)
