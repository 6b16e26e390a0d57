"""What is said in a conversation that is erased while it goes on: not a word stays, and the books agree."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from balcao.application.audit_trail import AuditTrail
from balcao.application.passage_search import PassageSearch
from balcao.application.ports import Completion
from balcao.application.use_cases.chat_with_documents import ChatRequest, ChatRules, ChatWithDocumentsUseCase
from balcao.application.use_cases.conversations import ConversationRequest, EraseConversationUseCase
from balcao.domain.chat import ChatSession, Message, MessageRole, TokenUsage
from balcao.domain.errors import SessionNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import MessageId, PrefeituraId, SessionId
from balcao.domain.prompt import Prompt
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.factories import a_chunk, a_document, a_metering, a_question, publish
from tests.fakes import FakeClock, FakeEmbedder, FakeLanguageModel, FakeTokenCounter

LAW = "As férias dos servidores são de trinta dias por ano."
ASKED = "Quantos dias de férias?"
WRITTEN = "SELECT count(*) FROM message WHERE conteudo IS NOT NULL OR sal IS NOT NULL OR referencias_documento <> '[]'"


class InterruptedModel(FakeLanguageModel):
    """Answers after the conversation was erased."""

    def __init__(self, database: Database, prefeitura_id: PrefeituraId, clock: FakeClock) -> None:
        super().__init__()
        self._erase = EraseConversationUseCase(database.tenant, AuditTrail(clock))
        self._person = Principal(prefeitura_id=prefeitura_id)
        self.conversation: SessionId | None = None

    async def complete(self, prompt: Prompt, *, max_tokens: int | None = None) -> Completion:
        if self.conversation is not None:
            await self._erase.execute(ConversationRequest(principal=self._person, session_id=self.conversation))
        return await super().complete(prompt, max_tokens=max_tokens)


async def test_an_answer_to_a_conversation_that_was_erased_meanwhile_is_counted_and_not_kept(
    database: Database, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    document = a_document(LAW)
    vectors = await FakeEmbedder().embed([LAW])
    await publish(database, document, a_chunk(document, embedding=vectors.embeddings[0]))
    clock = FakeClock(datetime.now(UTC))
    model = InterruptedModel(database, public_id, clock)
    search = PassageSearch(FakeEmbedder(), IbgeMunicipalityDirectory(), clock, FakeTokenCounter())
    chat = ChatWithDocumentsUseCase(
        database.tenant,
        database.reader,
        search,
        model,
        FakeTokenCounter(),
        clock,
        ChatRules(),
        a_metering(clock),
        AuditTrail(clock),
    )
    model.conversation = (await chat.execute(ChatRequest(message=ASKED))).session_id
    with pytest.raises(SessionNotFound):
        await chat.execute(ChatRequest(message=ASKED, session_id=model.conversation))
    assert await admin.fetchval(WRITTEN) == 0
    assert await admin.fetchval("SELECT count(*) FROM message WHERE metadata <> '{}'") == 0
    tokens = await admin.fetch("SELECT tokens_usados FROM message ORDER BY ordem")
    assert [row[0] for row in tokens] == [0, 11, 0, 11]
    await the_books_agree(admin)
    entries = [json.loads(row[0]) for row in await admin.fetch("SELECT registro FROM auditoria ORDER BY numero")]
    acts = ["pergunta", "resposta", "pergunta", "conversa_apagada", "resposta"]
    assert [entry["acao"] for entry in entries] == acts
    told = entries[-1]["detalhes"]
    assert (told["texto"], told["modo"], told["encontrou"], told["modelo"]) == (None, "resposta", True, model.card.id)
    assert (told["tokens"]["total"], told["fontes"][0]["documento"]) == (11, str(document.id))


async def the_books_agree(admin: asyncpg.Connection) -> None:
    """Every message's tokens are in the ledger, on its reservation and in the period, and nothing is held any more."""
    charged = "SELECT coalesce(sum(l.tokens_prompt + l.tokens_resposta), 0) FROM lancamento l WHERE l.message_id = m.id"
    assert await admin.fetchval(f"SELECT count(*) FROM message m WHERE tokens_usados <> ({charged})") == 0
    assert await admin.fetchval("SELECT sum(usado) FROM reserva") == 22
    assert await admin.fetchval("SELECT count(*) FROM reserva WHERE estado <> 'liquidada'") == 0
    assert [tuple(row) for row in await admin.fetch("SELECT usado, reservado FROM quota_periodo")] == [(22, 0)]


async def test_no_message_is_saved_with_its_text_into_an_erased_conversation(
    database: Database, public_id: PrefeituraId
) -> None:
    session_id = SessionId(uuid4())
    async with database.tenant(public_id) as work:
        await work.sessions.save_session(ChatSession(id=session_id, prefeitura_id=public_id))
        assert await work.sessions.delete_session(session_id)
    async with database.tenant(public_id) as work:
        late = await work.messages.save_message(an_answer(public_id, session_id))
        assert (late.content, late.document_references, late.metadata, late.salt) == (None, (), {}, None)
        assert late.usage.total_tokens == 100
        assert not await work.sessions.delete_session(session_id)


async def test_a_conversation_is_erased_with_the_message_that_is_being_saved(
    database: Database, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    session_id = SessionId(uuid4())
    async with database.tenant(public_id) as work:
        await work.sessions.save_session(ChatSession(id=session_id, prefeitura_id=public_id))
        await work.messages.save_message(a_question(public_id, session_id))

    async def erase() -> bool:
        async with database.tenant(public_id) as other:
            return await other.sessions.delete_session(session_id)

    async with database.tenant(public_id) as work:
        await work.messages.save_message(an_answer(public_id, session_id))
        erasing = asyncio.create_task(erase())
        while not await admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not erasing.done(), "it did not wait for the message"
            await asyncio.sleep(0.01)
    assert await erasing
    assert await admin.fetchval(WRITTEN) == 0


def an_answer(prefeitura_id: PrefeituraId, session_id: SessionId) -> Message:
    return Message(
        id=MessageId(uuid4()),
        prefeitura_id=prefeitura_id,
        session_id=session_id,
        role=MessageRole.ASSISTANT,
        content="Trinta.",
        usage=TokenUsage(prompt_tokens=70, completion_tokens=30),
        metadata={"model": "m"},
    )
