"""What tenancy, quota, ledger and audit add to a question, with a provider that answers at once.

The same application answers the same question in turns: as it is; and with nothing counted, nothing recorded and a
database role that row-level security does not narrow.
"""

import statistics
import time
from array import array
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx

from balcao.application.alerts import QuotaAlerts
from balcao.application.audit_trail import AuditTrail
from balcao.application.metering import Metering
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Completion, EmbeddingBatch, ModelCard
from balcao.application.unit_of_work import UnitOfWork
from balcao.application.use_cases.chat_with_documents import ChatRules, ChatWithDocumentsUseCase
from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.canonical_json import Json
from balcao.domain.chat import Message, TokenUsage
from balcao.domain.document import EMBEDDING_DIMENSIONS, Embedding
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId
from balcao.domain.prices import Prices
from balcao.domain.prompt import Prompt
from balcao.domain.quota import QuotaBalance
from balcao.domain.search import Passage
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.infrastructure.external.system_clock import SystemClock
from balcao.infrastructure.external.token_counters import EstimatedTokenCounter
from balcao.interface.dependencies.container import Container
from balcao.interface.main import create_app
from benchmarks.measurement import Measurement
from benchmarks.registry import Workbench, benchmark

_ROUNDS = 200
_MUCH = 10**9
_QUESTION = {"message": "Qual o prazo do recurso da multa?"}
_LAW = "".join(
    f"Art. {number}º {text}\n\n"
    for number, text in enumerate(
        (
            "Esta lei institui o código de posturas do município.",
            "A multa é lançada em nome do proprietário do imóvel.",
            "O prazo do recurso da multa é de quinze dias, contados da ciência do auto de infração.",
            "O recurso é decidido pela junta de recursos fiscais em sessenta dias.",
            "A multa que não é paga é inscrita em dívida ativa.",
        ),
        1,
    )
)
_NAME = "instantaneo"
_USAGE = TokenUsage(prompt_tokens=2_000, completion_tokens=200)
_TARGET_MS = 10.0


class _InstantProvider:
    """A model and an embedder that take no time; ``is_paid`` says whether what they take is counted."""

    def __init__(self, *, is_paid: bool) -> None:
        self.is_paid = is_paid
        self.card = ModelCard(id=_NAME, name=_NAME, description=_NAME, max_tokens=1_000)
        self.model = _NAME
        self.batch_size = 1
        self.similarity_floor = 1.01
        self.typical_similarity = 0.33
        self.vector_share = 0.25

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:  # noqa: ARG002
        return Completion(text="Quinze dias [1].", found=True, cited=(1,), model=_NAME, usage=_USAGE)

    async def embed_question(self, question: str, rarities: Mapping[str, float]) -> EmbeddingBatch:  # noqa: ARG002
        return await self.embed([question])

    async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
        vector = Embedding(vector=array("f", (1.0,) + (0.0,) * (EMBEDDING_DIMENSIONS - 1)), model=_NAME)
        usage = TokenUsage(prompt_tokens=10, completion_tokens=0)
        return EmbeddingBatch(embeddings=(vector,) * len(texts), usage=usage)


class _Uncounted(Metering):
    """Knows one balance, and reads none."""

    known: QuotaBalance

    async def balance(self, work: UnitOfWork, prefeitura_id: PrefeituraId) -> QuotaBalance:  # noqa: ARG002
        return self.known


_NO_DETAILS: Mapping[str, Json] = {}


class _Unrecorded(AuditTrail):
    """Writes nothing."""

    async def question(
        self, work: UnitOfWork, principal: Principal | None, question: Message, asked: Mapping[str, Json] = _NO_DETAILS
    ) -> None:
        pass

    async def answer(
        self, work: UnitOfWork, question_id: MessageId | None, answer: Message, used: Sequence[Passage]
    ) -> None:
        pass


@benchmark("O que quota, razão e auditoria somam a uma pergunta", place=30)
async def measure_metering(bench: Workbench) -> list[Measurement]:
    """Median milliseconds of a question as it is and bare, and the difference."""
    container, accesses = bench.container, bench.accesses
    await _take_in(container, bench.folder)
    database = Database(accesses)
    bare_database = Database(replace(accesses, app=accesses.operator))
    try:
        async with database.operator() as work:
            public_id = await work.prefeituras.public_id()
            prefeitura = await work.prefeituras.find_by_id(public_id) if public_id else None
            assert prefeitura, "the installation has no public prefeitura"
            await work.prefeituras.save(replace(prefeitura, quota_tokens=_MUCH))
            balance = await work.quotas.balance(prefeitura.id, SystemClock().now())
        prices = Prices(known=(), exchange_rate=Decimal(5))
        clock = SystemClock()
        uncounted = _Uncounted(prices, QuotaAlerts(), clock, life=timedelta(minutes=5))
        uncounted.known = balance
        counted = Metering(prices, QuotaAlerts(), clock, life=timedelta(minutes=5))
        times = await _in_turns(
            {
                "whole": replace(container, chat=_chat(database, counted, AuditTrail(clock), is_paid=True)),
                "bare": replace(container, chat=_chat(bare_database, uncounted, _Unrecorded(clock), is_paid=False)),
            }
        )
    finally:
        await database.dispose()
        await bare_database.dispose()
    whole, bare = statistics.median(times["whole"]), statistics.median(times["bare"])
    return [
        Measurement(
            name="question_p50", value=round(whole, 2), unit="ms", meaning="Pergunta inteira, provedor de 0 ms."
        ),
        Measurement(
            name="question_bare_p50",
            value=round(bare, 2),
            unit="ms",
            meaning="A mesma, sem isolamento, quota, razão e auditoria.",
        ),
        Measurement(
            name="accounting_p50",
            value=round(whole - bare, 2),
            unit="ms",
            target=f"<= {_TARGET_MS:g}",
            meaning="A diferença das duas.",
        ),
    ]


async def _take_in(container: Container, folder: Path) -> None:
    """The law that answers the question."""
    path = folder / "codigo-de-posturas.txt"
    path.write_text(_LAW, encoding="utf-8")
    request = RegisterRequest(path=path, file_name=path.name, inline=True)
    registered = await container.collection.register.execute(request)
    await container.collection.process.execute(registered.job_id)


def _chat(database: Database, metering: Metering, trail: AuditTrail, *, is_paid: bool) -> ChatWithDocumentsUseCase:
    provider, counter = _InstantProvider(is_paid=is_paid), EstimatedTokenCounter()
    search = PassageSearch(provider, IbgeMunicipalityDirectory(), SystemClock(), counter)
    rules = ChatRules(max_daily_messages=_MUCH, anonymous_daily_per_address=_MUCH, max_messages_per_session=_MUCH)
    return ChatWithDocumentsUseCase(
        database.tenant, database.reader, search, provider, counter, SystemClock(), rules, metering, trail
    )


async def _in_turns(containers: dict[str, Container]) -> dict[str, list[float]]:
    """Milliseconds of each question, over the application, by the name of its container."""
    times: dict[str, list[float]] = {name: [] for name in containers}
    async with AsyncExitStack() as opened:
        clients = {
            name: await opened.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(create_app(container)), base_url="http://bench")
            )
            for name, container in containers.items()
        }
        for _ in range(_ROUNDS):
            for name, client in clients.items():
                before = time.perf_counter()
                answer = await client.post("/api/v1/chat/ask", json=_QUESTION)
                times[name].append((time.perf_counter() - before) * 1000)
                answer.raise_for_status()
                assert answer.json()["sources"], "the question must be answered from the law"
    return times
