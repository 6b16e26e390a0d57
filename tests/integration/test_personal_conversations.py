"""Conversations belong to their person, also inside a prefeitura, and questions are counted by who asks."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from balcao.application.audit_trail import AuditTrail
from balcao.application.passage_search import PassageSearch
from balcao.application.use_cases.chat_with_documents import (
    ChatRequest,
    ChatResponse,
    ChatRules,
    ChatWithDocumentsUseCase,
)
from balcao.application.use_cases.conversations import ConversationRequest, ListConversationsRequest
from balcao.domain.errors import (
    AuthenticationRequired,
    DailyLimitReached,
    PermissionDenied,
    PrefeituraNotFound,
    SessionNotFound,
)
from balcao.domain.identity import Principal
from balcao.domain.ids import ApiKeyId, PrefeituraId, SessionId
from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from tests.factories import a_metering, a_prefeitura, a_question
from tests.fakes import FakeClock, FakeEmbedder, FakeLanguageModel, FakeTokenCounter
from tests.people import People, outcome


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


def chat_of(people: People, rules: ChatRules | None = None) -> ChatWithDocumentsUseCase:
    search = PassageSearch(FakeEmbedder(), IbgeMunicipalityDirectory(), FakeClock(), FakeTokenCounter())
    return ChatWithDocumentsUseCase(
        people.database.tenant,
        people.database.reader,
        search,
        FakeLanguageModel(),
        FakeTokenCounter(),
        people.clock,
        rules or ChatRules(),
        a_metering(people.clock),
        AuditTrail(people.clock),
    )


async def ask(people: People, principal: Principal | None, session_id: SessionId | None = None) -> ChatResponse:
    request = ChatRequest(message="Quantos dias de férias?", principal=principal, session_id=session_id)
    return await chat_of(people).execute(request)


async def test_a_person_lists_reads_continues_and_erases_his_own(people: People, public_id: PrefeituraId) -> None:
    ana = await people.a_principal(public_id)
    first = (await ask(people, ana)).session_id
    await ask(people, ana, first)
    second = (await ask(people, ana)).session_id
    listing = ListConversationsRequest(principal=ana, limit=1)
    (newest,) = await people.use.list_conversations.execute(listing)
    (oldest,) = await people.use.list_conversations.execute(replace(listing, before=newest.updated_at))
    assert [newest.id, oldest.id] == [second, first]
    read = await people.use.read_conversation.execute(ConversationRequest(principal=ana, session_id=first))
    assert read.usuario_id == ana.usuario_id
    assert [message.content for message in read.messages][::2] == ["Quantos dias de férias?"] * 2
    erase = ConversationRequest(principal=ana, session_id=first)
    await people.use.erase_conversation.execute(erase)
    assert await outcome(people.use.erase_conversation.execute(erase)) is SessionNotFound
    assert await outcome(people.use.read_conversation.execute(erase)) is SessionNotFound
    assert [found.id for found in await people.use.list_conversations.execute(replace(listing, limit=9))] == [second]


async def test_nobody_else_reaches_it(people: People, database: Database, public_id: PrefeituraId) -> None:
    """Colleague, gestor, operador, another prefeitura's, a key, nobody: all as for a random id."""
    ana = await people.a_principal(public_id)
    session_id = (await ask(people, ana)).session_id
    other = await a_prefeitura(database, "outra")
    strangers = [await people.a_principal(public_id, papel, papel) for papel in Papel]
    strangers.append(await people.a_principal(other.id, "longe"))
    strangers.append(Principal(prefeitura_id=public_id, papel=Papel.GESTOR, api_key_id=ApiKeyId(uuid4())))
    strangers.append(Principal(prefeitura_id=public_id))
    messages = set()
    for stranger in strangers:
        for wanted in (session_id, SessionId(uuid4())):
            request = ConversationRequest(principal=stranger, session_id=wanted)
            for action in (
                lambda r=request: people.use.read_conversation.execute(r),
                lambda r=request: people.use.erase_conversation.execute(r),
                lambda s=stranger, w=wanted: ask(people, s, w),
            ):
                with pytest.raises(SessionNotFound) as refused:
                    await action()
                messages.add((refused.value.message, refused.value.param))
        if stranger.usuario_id:
            assert await people.use.list_conversations.execute(ListConversationsRequest(principal=stranger)) == []
    assert len(messages) == 1
    read = await people.use.read_conversation.execute(ConversationRequest(principal=ana, session_id=session_id))
    assert len(read.messages) == 2


async def test_without_the_policy_by_person_that_check_fails(
    people: People, admin: asyncpg.Connection, public_id: PrefeituraId
) -> None:
    """The mutant: a policy that compares the prefeitura alone."""
    session_id = (await ask(people, await people.a_principal(public_id))).session_id
    await admin.execute("ALTER POLICY tenant ON chat_session USING (prefeitura_id = (SELECT balcao.tenant()))")
    colleague = await people.a_principal(public_id, "rui")
    await people.use.read_conversation.execute(ConversationRequest(principal=colleague, session_id=session_id))


async def test_nobody_writes_into_it(people: People, database: Database, public_id: PrefeituraId) -> None:
    """The foreign key would let a colleague's message pass: it knows no person."""
    ana, rui = await people.a_principal(public_id, "ana"), await people.a_principal(public_id, "rui")
    other = await a_prefeitura(database, "outra")
    session_id = (await ask(people, ana)).session_id
    for prefeitura_id, usuario_id in ((public_id, rui.usuario_id), (public_id, None), (other.id, None)):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with database.tenant(prefeitura_id, usuario_id) as work:
                await work.messages.save_message(a_question(prefeitura_id, session_id))


async def test_an_anonymous_conversation_is_reached_by_its_id_and_never_listed(
    people: People, public_id: PrefeituraId
) -> None:
    nobody = Principal(prefeitura_id=public_id)
    session_id = (await ask(people, nobody)).session_id
    assert (await ask(people, None, session_id)).conversation_length == 4
    read = await people.use.read_conversation.execute(ConversationRequest(principal=nobody, session_id=session_id))
    assert len(read.messages) == 4
    key = Principal(prefeitura_id=public_id, papel=Papel.SERVIDOR, api_key_id=ApiKeyId(uuid4()))
    for asker, error in ((nobody, AuthenticationRequired), (key, PermissionDenied)):
        listing = ListConversationsRequest(principal=asker)
        assert await outcome(people.use.list_conversations.execute(listing)) is error
    ana = await people.a_principal(public_id)
    with pytest.raises(SessionNotFound):
        await ask(people, ana, session_id)


async def test_a_principal_asks_for_his_own_prefeitura(
    people: People, database: Database, public_id: PrefeituraId
) -> None:
    await a_prefeitura(database, "outra")
    ana = await people.a_principal(public_id)
    for slug, error in (("publica", None), ("outra", PrefeituraNotFound), ("nenhuma", PrefeituraNotFound)):
        request = ChatRequest(message="férias", principal=ana, prefeitura=slug)
        assert await outcome(chat_of(people).execute(request)) is error


async def test_a_persons_questions_are_counted_across_conversations(people: People, public_id: PrefeituraId) -> None:
    ana, rui = await people.a_principal(public_id, "ana"), await people.a_principal(public_id, "rui")
    chat = chat_of(people, ChatRules(max_daily_messages=3))

    async def questions(principal: Principal, number: int) -> Counter[type[Exception] | None]:
        request = ChatRequest(message="férias", principal=principal, anonymous_cookie="c", address="192.0.2.1")
        return Counter([await outcome(chat.execute(request)) for _ in range(number)])

    assert await questions(ana, 5) == {None: 3, DailyLimitReached: 2}
    assert await questions(rui, 1) == {None: 1}
    people.clock.current += timedelta(days=1)
    assert await questions(ana, 1) == {None: 1}


async def test_anonymous_questions_are_counted_by_cookie_and_address(
    people: People, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    chat = chat_of(people, ChatRules(max_daily_messages=2, anonymous_daily_per_address=4))

    async def questions(cookie: str | None, address: str, number: int = 3) -> Counter[type[Exception] | None]:
        nobody = Principal(prefeitura_id=public_id)
        request = ChatRequest(message="férias", principal=nobody, anonymous_cookie=cookie, address=address)
        return Counter([await outcome(chat.execute(request)) for _ in range(number)])

    assert await questions("um", "192.0.2.1") == {None: 2, DailyLimitReached: 1}
    assert await questions("um", "192.0.2.2") == {DailyLimitReached: 3}
    assert await questions("dois", "192.0.2.1", 1) == {None: 1}
    assert await questions(None, "192.0.2.1") == {None: 1, DailyLimitReached: 2}
    assert await questions("dois", "192.0.2.2", 1) == {None: 1}
    assert await admin.fetchval("SELECT count(*) FROM message WHERE role = 'user'") == 5


async def test_a_refused_question_leaves_nothing(
    people: People, public_id: PrefeituraId, admin: asyncpg.Connection
) -> None:
    ana = await people.a_principal(public_id)
    chat = chat_of(people, ChatRules(max_daily_messages=1))
    await chat.execute(ChatRequest(message="férias", principal=ana))
    assert await outcome(chat.execute(ChatRequest(message="férias", principal=ana))) is DailyLimitReached
    assert await admin.fetchval("SELECT count(*) FROM chat_session") == 1
    unknown = ChatRequest(message="férias", anonymous_cookie="c", session_id=SessionId(uuid4()))
    assert await outcome(chat.execute(unknown)) is SessionNotFound
    assert await outcome(chat.execute(replace(unknown, session_id=None))) is None
