"""A question's way: kept whatever happens, answered from the documents or honestly not."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from balcao.application.audit_trail import AuditTrail
from balcao.application.passage_search import PassageSearch
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatRules, ChatWithDocumentsUseCase
from balcao.domain.ente import Ente
from balcao.domain.errors import (
    DailyLimitReached,
    EmptyMessage,
    InvalidText,
    PrefeituraNotFound,
    ProviderUnavailable,
    SessionLimitReached,
    SessionNotFound,
)
from balcao.domain.ids import PrefeituraId, SessionId
from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.factories import a_chunk, a_document, a_metering, a_prefeitura, publish
from tests.fakes import FakeClock, FakeEmbedder, FakeLanguageModel, FakeTokenCounter

HOLIDAYS = "As férias dos servidores são de trinta dias por ano."


class Chat:
    """The use case over fakes of the provider and the clock, and the real database."""

    def __init__(self, database: Database, rules: ChatRules | None = None, *, fails: bool = False) -> None:
        self.embedder = FakeEmbedder()
        self.model = FakeLanguageModel(fails=fails)
        self.clock = FakeClock(datetime.now(UTC))
        self.use_case = ChatWithDocumentsUseCase(
            database.tenant,
            database.reader,
            PassageSearch(self.embedder, IbgeMunicipalityDirectory(), FakeClock(), FakeTokenCounter()),
            self.model,
            FakeTokenCounter(),
            self.clock,
            rules or ChatRules(),
            a_metering(self.clock),
            AuditTrail(self.clock),
        )


async def publish_law(database: Database, text: str, ente: Ente | None = None, title: str = "Lei nº 1") -> None:
    document = a_document(text, ente=ente, title=title)
    vectors = await FakeEmbedder().embed([text])
    await publish(database, document, a_chunk(document, embedding=vectors.embeddings[0]))


async def test_an_answer_with_its_source_is_kept(database: Database, public_id: PrefeituraId) -> None:
    await publish_law(database, HOLIDAYS)
    answer = await Chat(database).use_case.execute(ChatRequest(message=" Quantos dias de férias? "))
    assert answer.found
    assert answer.response == f"{HOLIDAYS} [1]"
    (source,) = answer.sources
    assert source.excerpt == HOLIDAYS
    assert source.similarity_score is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (8, 3)
    assert answer.conversation_length == 2
    async with database.tenant(public_id) as work:
        question, kept = await work.messages.find_messages_by_session_id(answer.session_id)
        prefeitura = await work.prefeituras.find_by_id(public_id)
    assert question.content == "Quantos dias de férias?"
    assert (kept.id, kept.content, kept.document_references) == (answer.message_id, answer.response, answer.sources)
    assert kept.usage == answer.usage
    assert prefeitura is not None
    assert prefeitura.tokens_consumidos == 11


async def test_without_a_relevant_passage_no_model_is_asked(database: Database) -> None:
    await publish_law(database, HOLIDAYS)
    chat = Chat(database)
    answer = await chat.use_case.execute(ChatRequest(message="Qual a receita de bolo de cenoura?"))
    assert (answer.response, answer.sources, answer.found) == (NOT_FOUND_ANSWER, (), False)
    assert chat.model.prompts == []
    assert answer.usage.total_tokens == 1


async def test_an_explicit_threshold_replaces_the_relevance_decision(database: Database) -> None:
    await publish_law(database, HOLIDAYS)
    strict = Chat(database, ChatRules(similarity_threshold=0.99))
    assert not (await strict.use_case.execute(ChatRequest(message="Quantos dias de férias?"))).found
    lenient = Chat(database, ChatRules(similarity_threshold=0.0))
    assert (await lenient.use_case.execute(ChatRequest(message="bolo de cenoura"))).found


async def test_the_conversation_goes_on_with_its_history(database: Database) -> None:
    await publish_law(database, HOLIDAYS)
    await publish_law(database, "O idoso tem prioridade nas férias escolares.", title="Lei nº 2")
    chat = Chat(database)
    first = await chat.use_case.execute(ChatRequest(message="Quantos dias de férias dos servidores?"))
    second = await chat.use_case.execute(ChatRequest(message="E idosos?", session_id=first.session_id))
    assert second.session_id == first.session_id
    assert second.conversation_length == 4
    assert chat.model.prompts[-1].history[0].content == "Quantos dias de férias dos servidores?"
    assert chat.embedder.embedded[-1] == "Quantos dias de férias dos servidores? E idosos?"


@pytest.mark.parametrize("stage", ["embedder", "model"])
async def test_when_the_provider_fails_the_question_stays_and_what_was_spent_counts(
    database: Database, public_id: PrefeituraId, admin: asyncpg.Connection, stage: str
) -> None:
    await publish_law(database, HOLIDAYS)
    chat = Chat(database, fails=stage == "model")
    if stage == "embedder":
        chat.embedder.fail_after = 0
    with pytest.raises(ProviderUnavailable):
        await chat.use_case.execute(ChatRequest(message="Quantos dias de férias?"))
    assert await admin.fetchval("SELECT string_agg(conteudo, '|') FROM message") == "Quantos dias de férias?"
    spent = await admin.fetchval("SELECT tokens_consumidos FROM prefeitura WHERE id = $1", public_id)
    assert spent == (1 if stage == "model" else 0)


async def test_limits_of_a_conversation(database: Database) -> None:
    await publish_law(database, HOLIDAYS)
    by_session = Chat(database, ChatRules(max_messages_per_session=4))
    by_day = Chat(database, ChatRules(max_daily_messages=2))
    for chat, error in ((by_session, SessionLimitReached), (by_day, DailyLimitReached)):
        first = await chat.use_case.execute(ChatRequest(message="Quantos dias de férias?"))
        again = ChatRequest(message="Quantos dias de férias?", session_id=first.session_id)
        await chat.use_case.execute(again)
        with pytest.raises(error):
            await chat.use_case.execute(again)
    by_day.clock.current += timedelta(days=1)
    await by_day.use_case.execute(again)


async def test_the_day_turns_at_midnight_in_brasilia(database: Database, admin: asyncpg.Connection) -> None:
    chat = Chat(database, ChatRules(max_daily_messages=1))
    first = await chat.use_case.execute(ChatRequest(message="férias"))
    again = ChatRequest(message="férias", session_id=first.session_id)
    await admin.execute("UPDATE message SET criado_em = '2026-01-01 02:59:59+00'")
    chat.clock.current = datetime(2026, 1, 1, 2, 59, 59, tzinfo=UTC)
    with pytest.raises(DailyLimitReached):
        await chat.use_case.execute(again)
    chat.clock.current = datetime(2026, 1, 1, 3, 0, 0, tzinfo=UTC)
    await chat.use_case.execute(again)


async def test_unusable_requests(database: Database) -> None:
    execute = Chat(database).use_case.execute
    with pytest.raises(EmptyMessage):
        await execute(ChatRequest(message=" \n"))
    with pytest.raises(InvalidText):
        await execute(ChatRequest(message="a\x00b"))
    with pytest.raises(InvalidText):
        await execute(ChatRequest(message="a", metadata={"b": ["\ud800"]}))
    with pytest.raises(SessionNotFound):
        await execute(ChatRequest(message="a", session_id=SessionId(uuid4())))
    with pytest.raises(PrefeituraNotFound):
        await execute(ChatRequest(message="a", prefeitura="nenhuma"))


async def test_another_prefeituras_conversation_is_unknown(database: Database) -> None:
    await a_prefeitura(database, "outra")
    chat = Chat(database)
    first = await chat.use_case.execute(ChatRequest(message="férias", prefeitura="outra"))
    with pytest.raises(SessionNotFound):
        await chat.use_case.execute(ChatRequest(message="férias", session_id=first.session_id))


async def test_another_citys_law_answers_only_when_the_question_names_it(database: Database) -> None:
    await a_prefeitura(database, "maracaju", uf="MS", ibge="5005400")
    await publish_law(
        database, "Curitiba: o imposto predial vence em maio.", Ente.municipio("4106902", "PR"), "Lei de lá"
    )
    chat = Chat(database)
    for question, found in (
        ("Quando vence o imposto predial?", False),
        ("Quando vence o imposto predial na Prefeitura de Curitiba?", True),
    ):
        answer = await chat.use_case.execute(ChatRequest(message=question, prefeitura="maracaju"))
        assert answer.found is found
    assert answer.headings == ("Lei de lá (Município de Curitiba/PR)",)


async def test_the_own_law_never_answers_for_another_city(database: Database) -> None:
    await a_prefeitura(database, "maracaju", uf="MS", ibge="5005400")
    await publish_law(database, "O imposto predial vence em junho.", Ente.municipio("5005400", "MS"))
    request = ChatRequest(message="Quando vence o imposto predial na Prefeitura de Joinville?", prefeitura="maracaju")
    assert not (await Chat(database).use_case.execute(request)).found
