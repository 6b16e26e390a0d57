"""``/api/v1/chat``: v2.0's contract."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from balcao.application.use_cases.chat_with_documents import ChatRequest
from balcao.domain.document import Document
from balcao.domain.ids import PrefeituraId, SessionId
from balcao.domain.prompt import NOT_FOUND_ANSWER
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import Container
from tests.api.conftest import JSON, QUESTION, RULE
from tests.applications import serving, settings_in
from tests.factories import a_prefeitura

ASK = "/api/v1/chat/ask"


async def ask(client: httpx.AsyncClient, message: str = QUESTION, **body: object) -> httpx.Response:
    return await client.post(ASK, json={"message": message} | body)


async def ask_raw(client: httpx.AsyncClient, body: object) -> httpx.Response:
    """Ask with a body that strict JSON encoders refuse to write."""
    return await client.post(ASK, content=json.dumps(body), headers=JSON)


async def test_an_answer_has_the_shape_of_v2(client: httpx.AsyncClient, library: list[Document]) -> None:
    response = await ask(client, metadata={"canal": "balcão"})
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"response", "session_id", "sources", "metadata", "processing_time", "token_usage"}
    assert RULE in body["response"]
    assert "[1]" in body["response"]
    UUID(body["session_id"])
    assert isinstance(body["processing_time"], float)
    assert body["processing_time"] >= 0
    usage = body["token_usage"]
    assert usage.keys() == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_a_source_says_where_the_answer_stands(client: httpx.AsyncClient, library: list[Document]) -> None:
    source = (await ask(client)).json()["sources"][0]
    law = library[0]
    assert source.keys() == {"document_id", "chunk_id", "source", "page", "similarity_score", "excerpt"}
    assert source["document_id"] == str(law.id)
    assert source["chunk_id"] == str(law.chunks[0].id)
    assert source["source"] == law.file_name
    assert source["page"] == 3
    assert 0 <= source["similarity_score"] <= 1
    assert "vinte dias" in source["excerpt"]


async def test_the_metadata_of_an_answer_counts_what_was_used(client: httpx.AsyncClient) -> None:
    metadata = (await ask(client)).json()["metadata"]
    UUID(metadata["message_id"])
    assert metadata["search_results_count"] >= 1
    assert metadata["conversation_length"] == 2
    assert metadata["model"] == "extrativo"
    assert metadata["found"] is True


async def test_what_the_documents_do_not_say_is_not_answered(client: httpx.AsyncClient) -> None:
    response = await ask(client, "Qual a receita de bolo de cenoura?")
    assert response.status_code == 200
    body = response.json()
    assert body["response"] == NOT_FOUND_ANSWER
    assert body["sources"] == []
    assert body["metadata"]["found"] is False


async def test_a_conversation_goes_on_in_its_session(client: httpx.AsyncClient) -> None:
    first = (await ask(client)).json()
    second = (await ask(client, "E as férias do servidor, quantos dias são?", session_id=first["session_id"])).json()
    assert second["session_id"] == first["session_id"]
    assert second["metadata"]["conversation_length"] == 4
    other = (await ask(client)).json()
    assert other["session_id"] != first["session_id"]


async def test_a_null_session_begins_a_conversation(client: httpx.AsyncClient) -> None:
    assert (await ask(client, session_id=None)).status_code == 200


@pytest.mark.parametrize("message", ["", " ", "\n\t "])
async def test_a_blank_message_is_refused(refuser: httpx.AsyncClient, message: str) -> None:
    response = await ask(refuser, message)
    assert response.status_code == 400
    detail = response.json()["detail"]
    assert (detail["error_code"], detail["param"]) == ("empty_message", "message")


async def test_a_message_may_have_2000_characters_and_no_more(client: httpx.AsyncClient) -> None:
    assert (await ask(client, "á" * 2000)).status_code == 200
    response = await ask(client, "á" * 2001)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"message": None},
        {"message": 7},
        {"message": ["oi"]},
        {"message": "oi", "session_id": "segredo-7781"},
        {"message": "oi", "metadata": "segredo-7781"},
        {"message": "oi", "metadata": {str(number): number for number in range(51)}},
    ],
    ids=lambda body: json.dumps(body)[:40],
)
async def test_a_body_of_the_wrong_shape_gets_the_frameworks_list(refuser: httpx.AsyncClient, body: object) -> None:
    response = await refuser.post(ASK, json=body)
    assert response.status_code == 422
    problems = response.json()["detail"]
    assert problems
    for problem in problems:
        assert {"type", "loc", "msg"} <= problem.keys()
        assert "input" not in problem
    assert "segredo-7781" not in response.text


async def test_a_broken_body_is_the_callers_fault(refuser: httpx.AsyncClient) -> None:
    assert (await refuser.post(ASK, content=b'{"message":', headers=JSON)).status_code == 422
    assert (await refuser.post(ASK, content=b'{"message": "\xff\xfe"}', headers=JSON)).status_code == 400
    assert (await refuser.post(ASK, content=b"oi", headers={"Content-Type": "text/plain"})).status_code == 422


def nested(levels: int) -> object:
    value: object = "fundo"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [
        {"message": "prazo\x00"},
        {"message": "prazo \ud800"},
        {"message": "prazo", "metadata": {"canal": "\x00"}},
        {"message": "prazo", "metadata": {"canal": "\udfff"}},
        {"message": "prazo", "metadata": {"\x00": 1}},
        {"message": "prazo", "metadata": {"\ud800": 1}},
        {"message": "prazo", "metadata": {"a": [{"b": {"\ud800": 1}}]}},
        {"message": "prazo", "metadata": {"a": [["\x00"]]}},
        {"message": "prazo", "metadata": {"a": nested(16)}},
        {"message": "prazo", "metadata": {"a": nested(200)}},
        {"message": "prazo", "metadata": {"a": float("nan")}},
        {"message": "prazo", "metadata": {"a": [float("inf")]}},
        {"message": "prazo", "session_id": "\ud800"},
    ],
    ids=ascii,
)
async def test_what_cannot_be_kept_is_refused(refuser: httpx.AsyncClient, body: object) -> None:
    response = await ask_raw(refuser, body)
    assert response.status_code in (400, 422)
    assert response.json()["detail"]


async def test_nesting_that_no_parser_survives_is_refused(refuser: httpx.AsyncClient) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    body = f'{{"message": "prazo", "metadata": {{"a": {deep}}}}}'
    assert (await refuser.post(ASK, content=body, headers=JSON)).status_code == 400


async def test_metadata_within_the_limits_is_kept(
    client: httpx.AsyncClient, database: Database, public_id: PrefeituraId
) -> None:
    sent = {"canal": "balcão 🏛", "nível": nested(14), "número": 1.5}
    body = (await ask(client, metadata=sent)).json()
    async with database.tenant(public_id) as work:
        question = (await work.messages.find_messages_by_session_id(SessionId(UUID(body["session_id"]))))[0]
    assert question.content == QUESTION
    assert question.metadata == sent


async def test_an_unknown_session_is_not_found(client: httpx.AsyncClient) -> None:
    response = await ask(client, session_id=str(uuid4()))
    assert response.status_code == 404
    detail = response.json()["detail"]
    assert (detail["error_code"], detail["param"]) == ("session_not_found", "session_id")


async def test_a_closed_session_is_not_found(
    client: httpx.AsyncClient, database: Database, public_id: PrefeituraId
) -> None:
    session_id = (await ask(client)).json()["session_id"]
    async with database.tenant(public_id) as work:
        assert await work.sessions.deactivate_session(SessionId(UUID(session_id)))
    assert (await ask(client, session_id=session_id)).status_code == 404


async def test_the_session_of_another_prefeitura_looks_like_none(
    client: httpx.AsyncClient, container: Container, database: Database
) -> None:
    other = await a_prefeitura(database, "vizinha", uf="SC")
    theirs = await container.chat.execute(ChatRequest(message=QUESTION, prefeitura=other.slug))
    same_id = {"X-Request-ID": "o-mesmo"}
    answers = [
        await client.post(ASK, json={"message": QUESTION, "session_id": str(wanted)}, headers=same_id)
        for wanted in (theirs.session_id, uuid4())
    ]
    assert answers[0].status_code == 404
    assert answers[0].content == answers[1].content
    kept = [[pair for pair in answer.headers.items() if pair[0] != "x-process-time"] for answer in answers]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    ("setting", "code"),
    [("max_messages_per_session", "session_limit_reached"), ("max_daily_messages", "daily_limit_reached")],
)
async def test_a_conversation_has_limits(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path, setting: str, code: str
) -> None:
    async with serving(accesses, settings_in(tmp_path, **{setting: 1})) as client:
        session_id = (await ask(client)).json()["session_id"]
        response = await ask(client, session_id=session_id)
        assert response.status_code == 429
        assert response.json()["detail"]["error_code"] == code
        client.cookies.clear()  # the day's limit is the visitor's: another one is answered
        assert (await ask(client)).status_code == 200


async def test_the_chat_says_that_it_is_up(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/chat/health")
    assert (response.status_code, response.json()) == (200, {"status": "healthy", "service": "chat"})


async def test_the_models_are_those_that_answer(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/chat/models")
    assert response.status_code == 200
    (model,) = response.json()["models"]
    assert model.keys() == {"id", "name", "description", "max_tokens"}
    assert model["id"] == (await ask(client)).json()["metadata"]["model"]
    assert isinstance(model["max_tokens"], int)
