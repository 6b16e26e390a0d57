"""Reserving, settling and what the quota does to an answer, over a real database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from balcao.application.audit_trail import AuditTrail
from balcao.application.daily_limits import DailyLimits
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.passage_search import PassageSearch
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatRules, ChatWithDocumentsUseCase
from balcao.application.use_cases.search_documents import SearchDocumentsUseCase, SearchRequest
from balcao.application.use_cases.settle_expired import SettleExpiredReservationsUseCase
from balcao.domain.chat import AnswerMode, MessageType, TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer
from balcao.domain.errors import ProviderUnavailable, QuotaExceeded
from balcao.domain.ids import CreditId, PrefeituraId
from balcao.domain.prices import ModelPrice, Prices
from balcao.domain.quota import Credit
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.factories import NO_PRICES, RESERVATION_LIFE, a_chunk, a_document, a_metering, publish
from tests.fakes import FakeClock, FakeEmbedder, FakeLanguageModel, FakeTokenCounter

HOLIDAYS = "O servidor tem trinta dias de férias."
QUESTION = "Quantos dias de férias tem o servidor?"
SPENT = 11  # of the fakes: one for the embedding, seven and three for the answer
RULES = ChatRules(context_tokens=300)


class Chat:
    """The use case over fakes that charge."""

    def __init__(self, database: Database, *, prices: Prices = NO_PRICES, longest_answer: int = 100) -> None:
        self.embedder = FakeEmbedder()
        self.model = FakeLanguageModel()
        self.model.card = replace(self.model.card, max_tokens=longest_answer)
        self.clock = FakeClock(datetime.now(UTC))
        self.metering = a_metering(self.clock, prices)
        self.search = PassageSearch(self.embedder, IbgeMunicipalityDirectory(), self.clock, FakeTokenCounter())
        self.use_case = ChatWithDocumentsUseCase(
            database.tenant,
            database.reader,
            self.search,
            self.model,
            FakeTokenCounter(),
            self.clock,
            RULES,
            self.metering,
            AuditTrail(self.clock),
        )
        self.sweep = SettleExpiredReservationsUseCase(database.operator, self.metering, self.clock)


@pytest.fixture
async def chat(database: Database) -> Chat:
    document = a_document(HOLIDAYS, title="Lei nº 1")
    vectors = await FakeEmbedder().embed([HOLIDAYS])
    await publish(database, document, a_chunk(document, embedding=vectors.embeddings[0]))
    return Chat(database)


async def set_quota(admin: asyncpg.Connection, tokens: int) -> None:
    await admin.execute("UPDATE prefeitura SET quota_tokens = $1", tokens)


async def the_sums(admin: asyncpg.Connection) -> set[int]:
    """Ledger, messages, periods, the ADR's counter: one number when they agree."""
    queries = (
        "SELECT sum(tokens_prompt + tokens_resposta) FROM lancamento",
        "SELECT sum(tokens_usados) FROM message",
        "SELECT sum(usado) FROM quota_periodo",
        "SELECT sum(tokens_consumidos) FROM prefeitura",
    )
    return {int(await admin.fetchval(query) or 0) for query in queries}


async def reserved(admin: asyncpg.Connection) -> int:
    return int(await admin.fetchval("SELECT sum(reservado) FROM quota_periodo"))


async def test_an_answer_is_reserved_charged_and_told_what_is_left(chat: Chat, admin: asyncpg.Connection) -> None:
    answer = await chat.use_case.execute(ChatRequest(message=QUESTION))
    assert (answer.mode, answer.usage.total_tokens, answer.balance.left) == (AnswerMode.ANSWER, SPENT, 10_000 - SPENT)
    assert answer.quota_in_words.startswith("Resta quota para cerca de 908 perguntas")
    assert await the_sums(admin) == {SPENT}
    assert await reserved(admin) == 0
    rows = await admin.fetch("SELECT tipo, modelo, tokens_prompt, tokens_resposta, message_id FROM lancamento")
    assert sorted(tuple(row) for row in rows) == [
        ("embedding", "vetores-de-mentira", 1, 0, answer.message_id),
        ("resposta", "modelo-de-mentira", 7, 3, answer.message_id),
    ]


async def test_the_ledger_knows_reais_where_the_price_is_known(
    database: Database, chat: Chat, admin: asyncpg.Connection
) -> None:
    day = chat.clock.now().date() - timedelta(days=1)
    price = ModelPrice(model="modelo-de-mentira", prompt_usd=Decimal(1), completion_usd=Decimal(2), price_date=day)
    dear = Chat(database, prices=Prices(known=(price,), exchange_rate=Decimal("5.5")))
    await dear.use_case.execute(ChatRequest(message=QUESTION))
    row = await admin.fetchrow("SELECT custo_reais, preco_de, cambio FROM lancamento WHERE tipo = 'resposta'")
    assert row is not None
    assert tuple(row) == (Decimal("0.0000715"), day, Decimal("5.5"))


@pytest.mark.parametrize("quota", [0, 100])
async def test_without_quota_the_passages_are_shown_and_no_provider_is_asked(
    chat: Chat, admin: asyncpg.Connection, quota: int
) -> None:
    await set_quota(admin, quota)
    answer = await chat.use_case.execute(ChatRequest(message=QUESTION))
    assert answer.mode is AnswerMode.SEARCH
    assert answer.response.startswith("Modo busca: a quota de tokens deste mês não dá para uma resposta redigida")
    assert f"Lei nº 1 [1]:\n\n• «{HOLIDAYS}»" in answer.response
    assert (answer.model, answer.usage.total_tokens, len(answer.sources)) == ("busca", 0, 1)
    assert (chat.model.prompts, chat.embedder.embedded) == ([], [])
    assert (
        await admin.fetchval("SELECT tipo_mensagem FROM message WHERE role = 'assistant'") == MessageType.SEARCH_RESULT
    )
    assert await the_sums(admin) == {0}


async def test_a_strict_question_is_refused_and_leaves_nothing(chat: Chat, admin: asyncpg.Connection) -> None:
    await set_quota(admin, 100)
    with pytest.raises(QuotaExceeded):
        await chat.use_case.execute(ChatRequest(message=QUESTION, is_strict=True))
    assert await admin.fetchval("SELECT count(*) FROM message") == 0


async def test_nothing_found_says_so_in_search_mode_too(chat: Chat, admin: asyncpg.Connection) -> None:
    await set_quota(admin, 0)
    answer = await chat.use_case.execute(ChatRequest(message="Qual a receita de bolo de cenoura?"))
    assert (answer.mode, answer.found, answer.sources) == (AnswerMode.SEARCH, False, ())


async def test_the_answer_is_shortened_to_what_is_left(
    database: Database, chat: Chat, admin: asyncpg.Connection
) -> None:
    talkative = Chat(database, longest_answer=1_000)
    await set_quota(admin, 900)
    answer = await talkative.use_case.execute(ChatRequest(message=QUESTION))
    (longest,) = talkative.model.max_tokens
    assert answer.mode is AnswerMode.ANSWER
    assert longest is not None
    assert 256 <= longest < 900
    assert await reserved(admin) == 0


async def test_a_call_that_is_cut_short_is_charged_by_estimate_to_the_question(
    chat: Chat, admin: asyncpg.Connection
) -> None:
    chat.model.failure = ProviderUnavailable(was_cut_short=True)
    with pytest.raises(ProviderUnavailable):
        await chat.use_case.execute(ChatRequest(message=QUESTION))
    row = await admin.fetchrow("SELECT estimado, tokens_prompt FROM lancamento WHERE tipo = 'resposta'")
    assert row is not None
    assert row["estimado"]
    assert row["tokens_prompt"] > 50
    assert await admin.fetchval("SELECT tokens_usados FROM message WHERE role = 'user'") == row["tokens_prompt"] + 1
    assert len(await the_sums(admin)) == 1
    assert await reserved(admin) == 0


async def test_a_failed_call_is_charged_what_the_provider_says(chat: Chat, admin: asyncpg.Connection) -> None:
    chat.model.failure = ProviderUnavailable(spent=TokenUsage(prompt_tokens=30, completion_tokens=0))
    with pytest.raises(ProviderUnavailable):
        await chat.use_case.execute(ChatRequest(message=QUESTION))
    assert await the_sums(admin) == {31}


async def test_a_search_is_charged_and_without_quota_goes_by_words(
    database: Database, chat: Chat, admin: asyncpg.Connection
) -> None:
    limits = DailyLimits(each=10, per_address=10)
    search = SearchDocumentsUseCase(database.tenant, database.reader, chat.search, chat.clock, limits, chat.metering)
    found = await search.execute(SearchRequest(query="férias"))
    assert (found.by_words_alone, len(found.passages)) == (False, 1)
    assert await admin.fetchval("SELECT usado FROM quota_periodo") == 1
    assert await admin.fetchval("SELECT count(*) FROM lancamento WHERE message_id IS NULL") == 1
    await set_quota(admin, 0)
    found = await search.execute(SearchRequest(query="férias"))
    assert (found.by_words_alone, len(found.passages)) == (True, 1)
    assert chat.embedder.embedded == ["férias"]
    chat.embedder.fail_after = 0
    await set_quota(admin, 1_000)
    with pytest.raises(ProviderUnavailable):
        await search.execute(SearchRequest(query="férias"))
    assert await reserved(admin) == 0


@pytest.mark.parametrize(("was_sent", "state", "charged"), [(True, "estimada", 5), (False, "devolvida", 0)])
async def test_the_sweep_charges_what_was_sent_and_returns_the_rest(
    database: Database,
    public_id: PrefeituraId,
    chat: Chat,
    admin: asyncpg.Connection,
    *,
    was_sent: bool,
    state: str,
    charged: int,
) -> None:
    call = an_embedding_of(5)
    async with database.tenant(public_id) as work:
        await chat.metering.reserve(
            work, Consumer(prefeitura_id=public_id), least=1, most=50, first_call=call if was_sent else None
        )
    chat.clock.current += RESERVATION_LIFE
    assert await chat.sweep.execute() == 0
    chat.clock.current += timedelta(seconds=1)
    assert (await chat.sweep.execute(), await chat.sweep.execute()) == (1, 0)
    assert await admin.fetchval("SELECT estado FROM reserva") == state
    assert await admin.fetchval("SELECT usado FROM quota_periodo") == charged
    assert await reserved(admin) == 0


async def test_nothing_is_asked_under_a_reservation_that_ran_out(
    database: Database, public_id: PrefeituraId, chat: Chat
) -> None:
    consumer = Consumer(prefeitura_id=public_id)
    async with database.tenant(public_id) as work:
        reservation = await chat.metering.reserve(work, consumer, least=1, most=50, first_call=None)
    assert reservation is not None
    chat.clock.current += RESERVATION_LIFE * 2
    await chat.sweep.execute()
    async with database.tenant(public_id) as work:
        assert not await chat.metering.narrow(work, reservation, (), 10)


async def test_credits_raise_the_limit_until_they_end(
    database: Database, public_id: PrefeituraId, chat: Chat, admin: asyncpg.Connection
) -> None:
    await set_quota(admin, 0)
    now = chat.clock.now()
    credit = Credit(
        id=CreditId(uuid4()),
        prefeitura_id=public_id,
        tokens=5_000,
        reason="IPTU",
        valid_from=now,
        valid_until=now + timedelta(days=2),
    )
    async with database.tenant(public_id) as work:
        await work.quotas.add_credit(credit)
        assert [kept.id for kept in await work.quotas.credits_at(public_id, now)] == [credit.id]
    assert (await chat.use_case.execute(ChatRequest(message=QUESTION))).mode is AnswerMode.ANSWER
    chat.clock.current = credit.valid_until
    assert (await chat.use_case.execute(ChatRequest(message=QUESTION))).mode is AnswerMode.SEARCH


async def test_a_changed_contract_day_leaves_no_day_out(
    database: Database, public_id: PrefeituraId, chat: Chat, admin: asyncpg.Connection
) -> None:
    for day, contract_day, period in (
        (date(2026, 3, 10), 1, (date(2026, 3, 1), date(2026, 4, 1))),
        (date(2026, 3, 20), 15, (date(2026, 3, 1), date(2026, 4, 1))),
        (date(2026, 4, 2), 15, (date(2026, 4, 1), date(2026, 4, 15))),
        (date(2026, 4, 15), 15, (date(2026, 4, 15), date(2026, 5, 15))),
    ):
        await admin.execute("UPDATE prefeitura SET dia_contrato = $1", contract_day)
        async with database.tenant(public_id) as work:
            balance = await work.quotas.balance(public_id, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        assert (balance.period.start, balance.period.end) == period


async def test_a_suspended_prefeitura_reserves_nothing(
    database: Database, public_id: PrefeituraId, chat: Chat, admin: asyncpg.Connection
) -> None:
    await admin.execute("UPDATE prefeitura SET ativo = false")
    async with database.tenant(public_id) as work:
        held = await chat.metering.reserve(work, Consumer(prefeitura_id=public_id), least=1, most=50, first_call=None)
    assert held is None


async def test_the_ledger_is_append_only(chat: Chat, accesses: DatabaseAccesses) -> None:
    await chat.use_case.execute(ChatRequest(message=QUESTION))
    connection = await asyncpg.connect(accesses.app.url, server_settings={"search_path": "balcao"})
    for attempt in ("UPDATE lancamento SET tokens_prompt = 0", "DELETE FROM lancamento", "TRUNCATE lancamento"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(attempt)
    await connection.close()


async def test_ingestion_is_charged_to_the_installation(database: Database, admin: asyncpg.Connection) -> None:
    async with database.ingestion() as work:
        usage = TokenUsage(prompt_tokens=40, completion_tokens=0, estimated=True)
        await IngestionCharges(NO_PRICES, FakeClock()).note(work, "vetores", usage)
    row = await admin.fetchrow("SELECT modelo, tokens_prompt, estimado FROM lancamento_ingestao")
    assert row is not None
    assert tuple(row) == ("vetores", 40, True)


def an_embedding_of(tokens: int) -> Charge:
    usage = TokenUsage(prompt_tokens=tokens, completion_tokens=0, estimated=True)
    return Charge(kind=ChargeKind.EMBEDDING, model="vetores", usage=usage)
