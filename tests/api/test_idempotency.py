"""``Idempotency-Key``: I1 in small."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

import asyncpg
import httpx
import pytest

from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel
from balcao.interface.dependencies.container import Container
from tests.api.accounts import Account, Accounts
from tests.api.conftest import QUESTION
from tests.api.test_errors import FailingChat
from tests.applications import client_of

ASK = "/api/v1/chat/ask"
KEYS = "/api/v1/chaves"
BODY = {"message": QUESTION}


async def questions(admin: asyncpg.Connection) -> int:
    """How many questions were taken."""
    return int(await admin.fetchval("SELECT count(*) FROM message WHERE role = 'user'"))


async def ask(client: httpx.AsyncClient, key: str, body: object = BODY, **headers: str) -> httpx.Response:
    client.cookies.clear()
    return await client.post(ASK, json=body, headers=headers | {"Idempotency-Key": key})


def code(response: httpx.Response) -> str:
    return str(response.json()["detail"]["error_code"])


@pytest.fixture
async def gestor(accounts: Accounts, public_id: PrefeituraId) -> Account:
    return await accounts.person(public_id, Papel.GESTOR)


async def test_fifty_at_once_take_effect_once(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    answers = await asyncio.gather(*(ask(client, "uma-chave") for _ in range(50)))
    answered = [answer for answer in answers if answer.status_code == 200]
    assert answered
    assert len({answer.content for answer in answered}) == 1
    for answer in answers:
        if answer.status_code != 200:
            assert (answer.status_code, code(answer), answer.headers["retry-after"]) == (
                409,
                "request_in_progress",
                "1",
            )
    again = await ask(client, "uma-chave")
    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (
        200,
        answered[0].content,
        "true",
    )
    assert await questions(admin) == 1


async def test_without_a_key_every_request_takes_effect(client: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    first, second = [await client.post(ASK, json=BODY) for _ in range(2)]
    assert first.json()["session_id"] != second.json()["session_id"]
    assert await questions(admin) == 2


async def test_the_same_request_may_be_written_differently(client: httpx.AsyncClient) -> None:
    first = await ask(client, "k", {"message": QUESTION, "metadata": {"a": 1, "b": 2}})
    other = json.dumps({"metadata": {"b": 2, "a": 1}, "message": QUESTION}, indent=3)
    client.cookies.clear()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    again = await client.post(ASK, content=other, headers=headers)
    assert again.content == first.content


@pytest.mark.parametrize("other", [{"message": "Outra pergunta, qual o prazo?"}, {"message": QUESTION, "metadata": {}}])
async def test_a_key_belongs_to_one_request(
    client: httpx.AsyncClient, other: object, admin: asyncpg.Connection
) -> None:
    assert (await ask(client, "k")).status_code == 200
    refused = await ask(client, "k", other)
    assert (refused.status_code, code(refused)) == (422, "idempotency_key_reused")
    client.cookies.clear()
    elsewhere = await client.post("/api/v1/documents/search", json=BODY, headers={"Idempotency-Key": "k"})
    assert (elsewhere.status_code, code(elsewhere)) == (422, "idempotency_key_reused")
    assert await questions(admin) == 1


async def test_nobody_meets_anothers_answers(
    client: httpx.AsyncClient, accounts: Accounts, public_id: PrefeituraId
) -> None:
    trento = await accounts.prefeitura("nova-trento")
    people = [await accounts.person(place) for place in (public_id, public_id, trento.id)]
    headers: list[dict[str, str]] = [person.headers for person in people] + [{}]
    sessions = set()
    for sender in headers:
        first = await ask(client, "k", **sender)
        assert "idempotency-replayed" not in first.headers
        assert (await ask(client, "k", **sender)).content == first.content
        sessions.add(first.json()["session_id"])
    assert len(sessions) == len(headers)


async def test_visitors_with_a_cookie_are_told_apart(client: httpx.AsyncClient) -> None:
    cookies = []
    for _ in range(2):
        client.cookies.clear()
        cookies.append((await client.post(ASK, json=BODY)).cookies["balcao_anonimo"])
    sessions = set()
    for cookie in cookies:
        client.cookies.clear()
        headers = {"Idempotency-Key": "k", "Cookie": f"balcao_anonimo={cookie}"}
        answers = [await client.post(ASK, json=BODY, headers=headers) for _ in range(2)]
        assert answers[0].content == answers[1].content
        sessions.add(answers[0].json()["session_id"])
    assert len(sessions) == 2


async def test_a_secret_shown_once_is_repeated_to_its_owner_alone(
    client: httpx.AsyncClient, gestor: Account, admin: asyncpg.Connection
) -> None:
    headers = gestor.headers | {"Idempotency-Key": "uma-chave-do-cliente"}
    first = await client.post(KEYS, json={"nome": "Site"}, headers=headers)
    assert first.status_code == 201
    again = await client.post(KEYS, json={"nome": "Site"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == "application/json"
    assert await admin.fetchval("SELECT count(*) FROM chave_api") == 1
    kept = str(await admin.fetch("SELECT * FROM resposta_idempotente"))
    assert first.json()["segredo"] not in kept
    assert "uma-chave-do-cliente" not in kept
    await admin.execute("UPDATE usuario SET papel = 'servidor' WHERE id = $1", gestor.usuario.id)
    demoted = await client.post(KEYS, json={"nome": "Site"}, headers=headers)
    assert (demoted.status_code, code(demoted)) == (403, "permission_denied")
    await admin.execute("UPDATE usuario SET ativo = false WHERE id = $1", gestor.usuario.id)
    assert (await client.post(KEYS, json={"nome": "Site"}, headers=headers)).status_code == 401


async def test_a_refused_request_gives_its_key_up(client: httpx.AsyncClient, gestor: Account) -> None:
    headers = gestor.headers | {"Idempotency-Key": "k"}
    for refused in ({"nome": ""}, {"nome": 1}, {"nome": "Site", "papel": "operador"}):
        assert (await client.post(KEYS, json=refused, headers=headers)).status_code in (400, 403, 422)
    created = await client.post(KEYS, json={"nome": "Site"}, headers=headers)
    assert (created.status_code, "idempotency-replayed" in created.headers) == (201, False)


@pytest.mark.parametrize("error", [RuntimeError("falha"), asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_failed_request_may_be_tried_again(container: Container, error: BaseException) -> None:
    class Failing(FailingChat):
        def __init__(self) -> None:
            pass

        async def execute(self, request: object) -> object:  # type: ignore[override]
            raise error

    async with client_of(replace(container, chat=Failing())) as client:
        with suppress(asyncio.CancelledError):
            assert (await ask(client, "k")).status_code == 500
    async with client_of(container) as client:
        assert (await ask(client, "k")).status_code == 200


async def test_a_claim_left_behind_is_taken_over_and_an_old_answer_forgotten(
    client: httpx.AsyncClient, admin: asyncpg.Connection
) -> None:
    assert (await ask(client, "k")).status_code == 200
    await admin.execute("UPDATE resposta_idempotente SET status = NULL, corpo = NULL")
    assert (await ask(client, "k")).status_code == 409
    await admin.execute("UPDATE resposta_idempotente SET criado_em = now() - interval '3 minutes'")
    assert (await ask(client, "k")).status_code == 200
    await admin.execute("UPDATE resposta_idempotente SET criado_em = now() - interval '25 hours'")
    assert "idempotency-replayed" not in (await ask(client, "k")).headers
    assert await questions(admin) == 3


@pytest.mark.parametrize("key", ["", "a" * 201, "a b", "a\tb", "é"])
async def test_a_key_is_visible_ascii(client: httpx.AsyncClient, admin: asyncpg.Connection, key: str) -> None:
    client.cookies.clear()
    response = await client.post(ASK, json=BODY, headers={b"Idempotency-Key": key.encode()})
    assert (response.status_code, code(response)) == (400, "invalid_input")
    assert response.json()["detail"]["param"] == "Idempotency-Key"
    assert await questions(admin) == 0


async def test_a_login_is_asked_for_before_the_key_is_looked_at(client: httpx.AsyncClient) -> None:
    response = await ask(client, "k", Authorization="Bearer nada")
    assert (response.status_code, code(response)) == (401, "invalid_credentials")
