"""Anonymous use is bounded: by a signed cookie, and by the network address."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import asyncpg
import httpx
import pytest
from starlette.requests import HTTPConnection

from balcao.domain.document import Document
from balcao.domain.ids import PrefeituraId
from balcao.domain.search import QuestionTerm
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.repositories.passages import PostgresPassageRepository
from balcao.interface.dependencies.client import client_of as network_client
from balcao.interface.dependencies.container import open_container
from balcao.interface.main import create_app
from tests.api.accounts import Accounts
from tests.api.conftest import QUESTION
from tests.applications import settings_in

ASK = "/api/v1/chat/ask"
SEARCH = "/api/v1/documents/search"
COOKIE = "balcao_anonimo"
PROXY = "10.0.0.1"


@asynccontextmanager
async def application(
    accesses: DatabaseAccesses, folder: Path, peer: str = "192.0.2.1", **settings: object
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new application, seen by it at this address."""
    async with open_container(settings_in(folder, **settings), accesses) as container:
        transport = httpx.ASGITransport(app=create_app(container), client=(peer, 1234), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://balcao.example") as client:
            yield client


async def ask(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post(ASK, json={"message": QUESTION}, headers=headers)


async def ask_as_new(client: httpx.AsyncClient, **headers: str) -> int:
    """Ask as a client without a cookie."""
    client.cookies.clear()
    return (await ask(client, **headers)).status_code


async def test_the_first_answer_brings_a_cookie_and_the_next_ones_do_not(client: httpx.AsyncClient) -> None:
    first = await ask(client)
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for attribute in ("HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={30 * 24 * 3600}"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert "set-cookie" not in (await ask(client)).headers


@pytest.mark.parametrize("forged", ["x", "a.b.c", "", "eyJhbGciOiJub25lIn0.YW5h."])
async def test_a_cookie_that_is_not_ours_is_replaced(client: httpx.AsyncClient, forged: str) -> None:
    response = await client.post(ASK, json={"message": QUESTION}, headers={"Cookie": f"{COOKIE}={forged}"})
    assert response.status_code == 200
    assert f"{COOKIE}=" in response.headers["set-cookie"]


async def test_a_cookie_of_another_purpose_is_not_ours(
    client: httpx.AsyncClient, accounts: Accounts, public_id: PrefeituraId
) -> None:
    person = await accounts.person(public_id, password="uma senha comprida")
    body = {"email": person.usuario.email, "senha": "uma senha comprida"}
    device = (await client.post("/api/v1/auth/login", json=body)).cookies["balcao_dispositivo"]
    response = await client.post(ASK, json={"message": QUESTION}, headers={"Cookie": f"{COOKIE}={device}"})
    assert f"{COOKIE}=" in response.headers["set-cookie"]


async def test_who_logged_in_gets_no_cookie(
    client: httpx.AsyncClient, accounts: Accounts, public_id: PrefeituraId
) -> None:
    person = await accounts.person(public_id)
    assert "set-cookie" not in (await ask(client, **person.headers)).headers


async def test_a_visitor_has_his_questions_a_day(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    async with application(accesses, tmp_path, max_daily_messages=2) as client:
        answers = [await ask(client) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].json()["detail"]["error_code"] == "daily_limit_reached"
        assert await ask_as_new(client) == 200


async def test_a_person_has_his_questions_a_day_whatever_the_device(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path, accounts: Accounts, public_id: PrefeituraId
) -> None:
    person = await accounts.person(public_id)
    async with application(accesses, tmp_path, max_daily_messages=2, anonymous_daily_per_address=1) as client:
        assert [await ask_as_new(client, **person.headers) for _ in range(3)] == [200, 200, 429]
        assert await ask_as_new(client) == 200


async def test_an_address_has_its_questions_and_searches_a_day(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    async with application(accesses, tmp_path, anonymous_daily_per_address=3) as client:
        assert [await ask_as_new(client) for _ in range(2)] == [200, 200]
        searches = [await client.post(SEARCH, json={"query": "prazo"}) for _ in range(2)]
        assert [answer.status_code for answer in searches] == [200, 429]
        assert await ask_as_new(client) == 429
        spoofed = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        assert await ask_as_new(client, **spoofed) == 429
    async with application(accesses, tmp_path, peer="192.0.2.2", anonymous_daily_per_address=3) as client:
        assert await ask_as_new(client) == 200


async def test_searches_at_the_same_time_do_not_pass_the_limit(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    async with application(accesses, tmp_path, anonymous_daily_per_address=3) as client:
        answers = await asyncio.gather(*(client.post(SEARCH, json={"query": "prazo"}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 5


async def test_a_search_beyond_the_limit_reads_nothing_of_the_collection(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    reading = PostgresPassageRepository.question_terms

    async def noting(self: PostgresPassageRepository, question: str, others: Sequence[str]) -> tuple[QuestionTerm, ...]:
        read.append(question)
        return await reading(self, question, others)

    monkeypatch.setattr(PostgresPassageRepository, "question_terms", noting)
    async with application(accesses, tmp_path, anonymous_daily_per_address=1) as client:
        answers = [await client.post(SEARCH, json={"query": query}) for query in ("prazo", "multa")]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert read == ["prazo"]


async def test_a_search_of_a_suspended_prefeitura_is_refused_and_not_counted(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path, admin: asyncpg.Connection
) -> None:
    async with application(accesses, tmp_path, anonymous_daily_per_address=1) as client:
        await admin.execute("UPDATE prefeitura SET ativo = false WHERE publica")
        assert (await client.post(SEARCH, json={"query": "prazo"})).status_code == 404
        await admin.execute("UPDATE prefeitura SET ativo = true WHERE publica")
        answers = [await client.post(SEARCH, json={"query": "prazo"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]


async def test_behind_a_trusted_proxy_the_address_is_the_clients(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path
) -> None:
    settings = {"anonymous_daily_per_address": 1, "trusted_proxies": (ip_network("10.0.0.0/8"),)}
    async with application(accesses, tmp_path, peer=PROXY, **settings) as client:
        assert await ask_as_new(client, **{"X-Forwarded-For": "203.0.113.9"}) == 200
        for more in ("203.0.113.9", "198.51.100.1, 203.0.113.9", "203.0.113.9, 10.9.9.9", "nada, 203.0.113.9"):
            assert await ask_as_new(client, **{"X-Forwarded-For": more}) == 429
        assert await ask_as_new(client, **{"X-Forwarded-For": "203.0.113.10"}) == 200


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False), ("https, http", False)])
async def test_behind_https_the_cookie_stays_on_https(
    accesses: DatabaseAccesses, library: list[Document], tmp_path: Path, scheme: str, secure: bool
) -> None:
    async with application(accesses, tmp_path, peer=PROXY, trusted_proxies=(ip_network(PROXY),)) as client:
        cookie = (await ask(client, **{"X-Forwarded-Proto": scheme})).headers["set-cookie"]
        assert ("Secure" in cookie) is secure
    async with application(accesses, tmp_path, peer=PROXY) as client:
        assert "Secure" not in (await ask(client, **{"X-Forwarded-Proto": "https"})).headers["set-cookie"]


def address(peer: str | None, *forwarded: str) -> str:
    """What the application takes for the client's address, behind proxies of 10.0.0.0/8 and fd00::/8."""
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    scope = {"type": "http", "scheme": "http", "path": "/", "headers": headers, "client": (peer, 1) if peer else None}
    trusted = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    return network_client(HTTPConnection(scope | {"server": ("x", 80), "query_string": b""}), trusted).address


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.9",), "192.0.2.1"),
        (PROXY, (), PROXY),
        (PROXY, ("203.0.113.9",), "203.0.113.9"),
        (PROXY, ("198.51.100.1, 203.0.113.9",), "203.0.113.9"),
        (PROXY, ("198.51.100.1", "203.0.113.9"), "203.0.113.9"),
        (PROXY, ("198.51.100.1, 203.0.113.9, 10.1.1.1",), "203.0.113.9"),
        (PROXY, ("10.2.2.2, 10.1.1.1",), "10.2.2.2"),
        (PROXY, ("203.0.113.9:4711",), "203.0.113.9"),
        (PROXY, ("[2001:db8::1]:4711",), "2001:db8::1"),
        (PROXY, ("2001:db8::1",), "2001:db8::1"),
        (PROXY, ("198.51.100.1, unknown",), PROXY),
        (PROXY, ("",), PROXY),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("fd00::1", ("::ffff:203.0.113.9",), "203.0.113.9"),
        (None, ("203.0.113.9",), ""),
    ],
)
def test_only_what_a_trusted_proxy_says_counts(peer: str | None, forwarded: tuple[str, ...], expected: str) -> None:
    assert address(peer, *forwarded) == expected
