"""Passages put in order by the model before it answers: through the application, over OpenAI's protocol."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from balcao.application.use_cases.chat_with_documents import ChatRequest
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.interface.dependencies.container import wire
from tests.acceptance.paid_provider import NEVER, Calls, PaidProvider
from tests.applications import serving, settings_in
from tests.factories import a_chunk, a_document, an_embedding, publish
from tests.openai_server import OpenAIServer, Reply, chat_reply, embeddings_reply, error_reply

EMBEDDER = "text-embedding-3-small"
QUESTION = "Quantos dias de férias tem o servidor?"
ASK = "/api/v1/chat/ask"
VECTOR = embeddings_reply({0: list(an_embedding(1.0).vector)})
ORDER = chat_reply("[2, 1]", usage=(90, 6))
ANSWER = chat_reply("São trinta dias [1].", usage=(200, 15))
FIRST, SECOND = "O servidor tem férias: quantos dias, diz a lei.", "São trinta dias de férias do servidor por ano."


@pytest.fixture
def provider() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(autouse=True)
async def laws(database: Database) -> None:
    """Two passages that answer the question, the first better than the second by every score."""
    for text, vector in ((FIRST, (1.0,)), (SECOND, (0.95, 0.3122499))):
        document = a_document(text, title=f"Lei de {len(text)}")
        await publish(database, document, a_chunk(document, embedding=an_embedding(*vector, model=EMBEDDER)))


@asynccontextmanager
async def asking(
    accesses: DatabaseAccesses, folder: Path, provider: OpenAIServer, *, reranks: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(folder, openai_base_url=provider.base_url, rerank_by_model=reranks)
    async with serving(accesses, settings) as client:
        yield client


def order_shown(provider: OpenAIServer) -> list[str]:
    """The passages in the order in which the last request shows them."""
    messages = provider.requests[-1].body["messages"]
    assert isinstance(messages, list)
    shown = messages[0]["content"]
    return sorted((FIRST, SECOND), key=shown.index)


async def spent(admin: asyncpg.Connection) -> int:
    """What every book says; nothing stays reserved."""
    sums = [
        await admin.fetchval(query)
        for query in (
            "SELECT sum(tokens_prompt + tokens_resposta) FROM lancamento",
            "SELECT sum(tokens_usados) FROM message",
            "SELECT sum(usado) FROM quota_periodo",
            "SELECT sum(tokens_consumidos) FROM prefeitura",
        )
    ]
    assert len(set(sums)) == 1
    assert await admin.fetchval("SELECT sum(reservado) FROM quota_periodo") == 0
    return int(sums[0])


async def charged(admin: asyncpg.Connection) -> dict[str, tuple[int, int, bool]]:
    """The ledger of one question, by kind; every book agrees with it."""
    rows = await admin.fetch("SELECT tipo, tokens_prompt, tokens_resposta, estimado FROM lancamento ORDER BY tipo")
    assert await spent(admin) == sum(row["tokens_prompt"] + row["tokens_resposta"] for row in rows)
    assert len({row["tipo"] for row in rows}) == len(rows)
    return {row["tipo"]: (row["tokens_prompt"], row["tokens_resposta"], row["estimado"]) for row in rows}


async def test_the_answer_is_written_from_the_passages_in_the_models_order(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    provider.reply_with(VECTOR, ORDER, ANSWER)
    async with asking(accesses, tmp_path, provider) as client:
        body = (await client.post(ASK, json={"message": QUESTION})).json()
    _, ranking, _ = provider.requests
    assert order_shown(provider) == [SECOND, FIRST]
    assert body["sources"][0]["excerpt"] == SECOND
    assert body["token_usage"]["total_tokens"] == 7 + 96 + 215
    assert (ranking.body["temperature"], ranking.body["max_tokens"]) == (0, 32)
    assert await charged(admin) == {
        "embedding": (7, 0, False),
        "reordenacao": (90, 6, False),
        "resposta": (200, 15, False),
    }


async def test_without_the_setting_nobody_is_asked_for_an_order(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    provider.reply_with(VECTOR, ANSWER)
    async with serving(accesses, settings_in(tmp_path, openai_base_url=provider.base_url)) as client:
        assert (await client.post(ASK, json={"message": QUESTION})).status_code == 200
    assert len(provider.requests) == 2
    assert order_shown(provider) == [FIRST, SECOND]
    assert await charged(admin) == {"embedding": (7, 0, False), "resposta": (200, 15, False)}


@pytest.mark.parametrize(
    ("reply", "cost"),
    [
        (chat_reply("O segundo trecho.", usage=(90, 6)), (90, 6, False)),
        (chat_reply("[2, 9]", usage=(90, 6)), (90, 6, False)),
        (chat_reply(None, usage=(90, 0)), (90, 0, False)),
        (error_reply(500), None),
        (error_reply(429), None),
        (error_reply(400), None),
    ],
    ids=["words", "foreign-number", "empty", "500", "429", "400"],
)
async def test_an_order_that_does_not_come_leaves_the_old_one_and_costs_what_it_cost(
    accesses: DatabaseAccesses,
    admin: asyncpg.Connection,
    provider: OpenAIServer,
    tmp_path: Path,
    reply: Reply,
    cost: tuple[int, int, bool] | None,
) -> None:
    provider.reply_with(VECTOR, reply, ANSWER)
    async with asking(accesses, tmp_path, provider) as client:
        body = (await client.post(ASK, json={"message": QUESTION})).json()
    assert body["response"] == "São trinta dias [1]."
    assert len(provider.requests) == 3, "an order is asked for once"
    assert order_shown(provider) == [FIRST, SECOND]
    assert (await charged(admin)).get("reordenacao") == cost


async def test_an_order_cut_short_is_charged_by_estimate_and_the_question_answered(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    provider.reply_with(VECTOR, Reply(body=ORDER.body, cut=True), ANSWER)
    async with asking(accesses, tmp_path, provider) as client:
        body = (await client.post(ASK, json={"message": QUESTION})).json()
    assert body["metadata"]["modo"] == "resposta"
    prompt_tokens, answered, estimated = (await charged(admin))["reordenacao"]
    assert prompt_tokens > 100
    assert (answered, estimated) == (0, True)


async def test_the_answer_is_not_shortened_for_an_order(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    await admin.execute("UPDATE prefeitura SET quota_tokens = 2100")
    provider.reply_with(VECTOR, ANSWER)
    async with asking(accesses, tmp_path, provider) as client:
        body = (await client.post(ASK, json={"message": QUESTION})).json()
    assert body["metadata"]["modo"] == "resposta"
    assert provider.requests[-1].body["max_tokens"] == 1000
    assert list(await charged(admin)) == ["embedding", "resposta"]


async def test_without_quota_nobody_is_asked_for_an_order(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    await admin.execute("UPDATE prefeitura SET quota_tokens = 0")
    async with asking(accesses, tmp_path, provider) as client:
        body = (await client.post(ASK, json={"message": QUESTION})).json()
    assert body["metadata"]["modo"] == "busca"
    assert provider.requests == []


async def test_a_single_passage_is_not_ordered(
    accesses: DatabaseAccesses, admin: asyncpg.Connection, provider: OpenAIServer, tmp_path: Path
) -> None:
    await admin.execute("DELETE FROM documento WHERE titulo = $1", f"Lei de {len(FIRST)}")
    provider.reply_with(VECTOR, ANSWER)
    async with asking(accesses, tmp_path, provider) as client:
        await client.post(ASK, json={"message": QUESTION})
    assert list(await charged(admin)) == ["embedding", "resposta"]


async def test_who_gives_up_during_the_order_is_charged_what_was_checkpointed(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    calls = Calls(wanted=1)
    with PaidProvider(lambda _question: NEVER, calls) as provider:
        settings = settings_in(tmp_path, openai_base_url=provider.base_url, rerank_by_model=True)
        chat = wire(settings, database, IbgeMunicipalityDirectory()).chat
        question = asyncio.create_task(chat.execute(ChatRequest(message=QUESTION)))
        await calls.enough.wait()
        checkpoint = await admin.fetchval("SELECT gastos::text FROM reserva WHERE estado = 'aberta'")
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
    assert '"reordenacao"' in checkpoint
    books = await charged(admin)
    assert books.keys() == {"embedding", "reordenacao"}
    assert books["reordenacao"][2]


async def test_many_at_once_never_spend_more_than_the_quota(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    quota = 6000
    await admin.execute("UPDATE prefeitura SET quota_tokens = $1", quota)
    with PaidProvider() as provider:
        settings = settings_in(tmp_path, openai_base_url=provider.base_url, rerank_by_model=True)
        chat = wire(settings, database, IbgeMunicipalityDirectory()).chat
        answers = await asyncio.gather(*(chat.execute(ChatRequest(message=QUESTION)) for _ in range(20)))
        billed = provider.billed.total()
    assert await spent(admin) == billed <= quota
    assert 0 < await admin.fetchval("SELECT count(*) FROM lancamento WHERE tipo = 'reordenacao'") < len(answers)
