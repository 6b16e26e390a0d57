"""X5: every response, errors included, tells a browser what it must not do, and no other site is let in."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from balcao.application.use_cases.check_health import CheckHealthUseCase, Health
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.dependencies.container import open_container
from balcao.interface.main import create_app
from tests.acceptance.browser_policy import ALLOWED_ORIGIN, evil_origins, faults_of, lets_in
from tests.acceptance.environment import AcceptanceEnvironment
from tests.applications import settings_in

CODE = "X5"
TRIES = "origens hostis contra três configurações de CORS; cabeçalhos de cada rota e dos erros 400 a 503"
FULL = BOUNDED = len(evil_origins())
MUTANT = "CORS * com credenciais, e respostas sem Content-Security-Policy"

Mutation = Callable[[ASGIApp], ASGIApp]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CONFIGURATIONS: tuple[tuple[str, ...], ...] = ((), (ALLOWED_ORIGIN,), ("*",))
OTHER_PATHS = ("/docs", "/redoc", "/openapi.json", "/static/page.js", "/static/vendor/swagger-ui.css", "/nada")
LARGE = b" " * (2 * 1024 * 1024)
MANY_HEADERS = [("X-Many", str(number)) for number in range(200)]
"""More than the program accepts."""


class FailingHealth(CheckHealthUseCase):
    def __init__(self) -> None:
        pass

    async def execute(self) -> Health:
        raise RuntimeError("unforeseen")


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Responses without a header that they need, and hostile origins that were let in."""
    return await _faulty_responses(environment, _as_it_is) + await _let_in(attempts, environment, _as_it_is)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with each defect; 0 where one of them goes unnoticed."""
    faulty = await _faulty_responses(environment, _without_policy)
    let_in = await _let_in(attempts, environment, _open_to_all)
    return faulty + let_in if faulty and let_in else 0


async def test_x5(environment: AcceptanceEnvironment) -> None:
    assert len(set(evil_origins())) == 50
    assert await violations(BOUNDED, environment) == 0


async def test_x5_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def test_x5_the_configured_site_is_let_in(environment: AcceptanceEnvironment) -> None:
    accesses = await environment.new_accesses()
    async with _client(environment, accesses, _as_it_is, (ALLOWED_ORIGIN,)) as client:
        response = await client.get("/info", headers={"Origin": ALLOWED_ORIGIN})
    assert lets_in(ALLOWED_ORIGIN, response.headers, anybody=False)


async def test_x5_answers_given_before_the_application(environment: AcceptanceEnvironment) -> None:
    accesses = await environment.new_accesses()
    async with environment.start_server(accesses, MAX_CONNECTIONS="1") as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as first:
            first.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
            assert _status_and_faults(first)[0] == 200
            with socket.create_connection((address.hostname, address.port), timeout=30) as second:
                second.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
                assert _status_and_faults(second) == (503, [])
            first.sendall(b"isto nao e HTTP\r\n\r\n")
            assert _status_and_faults(first) == (400, [])


def _status_and_faults(connection: socket.socket) -> tuple[int, list[str]]:
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = connection.recv(65536)
        assert received
        answer += received
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    return int(first.split()[1]), faults_of("/info", headers)


@asynccontextmanager
async def _client(
    environment: AcceptanceEnvironment, accesses: DatabaseAccesses, mutation: Mutation, origins: tuple[str, ...]
) -> AsyncIterator[httpx.AsyncClient]:
    async with open_container(settings_in(environment.new_folder(), cors_origins=origins), accesses) as container:
        app = create_app(replace(container, health=FailingHealth()))
        transport = httpx.ASGITransport(app=mutation(app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://balcao.example") as client:
            yield client


async def _faulty_responses(environment: AcceptanceEnvironment, mutation: Mutation) -> int:
    accesses = await environment.new_accesses()
    faulty, statuses = 0, set()
    async with _client(environment, accesses, mutation, ()) as client:
        documented = (await client.get("/openapi.json")).json()["paths"]
        requests = [client.build_request(method, path) for path in OTHER_PATHS for method in METHODS]
        for path in documented:
            place = _filled(path)
            requests += [client.build_request(method, place) for method in METHODS]
            requests += [client.build_request("POST", place, json={}), client.build_request("POST", place, content="{")]
        requests.append(client.build_request("GET", "/", headers={"Accept": "text/html"}))
        requests.append(client.build_request("POST", "/api/v1/chat/ask", content=LARGE))
        requests.append(client.build_request("GET", "/info", headers=MANY_HEADERS))
        for request in requests:
            response = await client.send(request)
            statuses.add(response.status_code)
            headers = [(name.lower(), value) for name, value in response.headers.multi_items()]
            faulty += faults_of(request.url.path, headers) != []
    assert statuses >= {200, 404, 405, 413, 422, 431, 500}, statuses
    return faulty


def _filled(path: str) -> str:
    """The path with a random id in the place of each parameter."""
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


async def _let_in(attempts: int, environment: AcceptanceEnvironment, mutation: Mutation) -> int:
    accesses = await environment.new_accesses()
    found = 0
    for origins in CONFIGURATIONS:
        async with _client(environment, accesses, mutation, origins) as client:
            for origin in evil_origins()[:attempts]:
                preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
                answers = (
                    await client.get("/info", headers={"Origin": origin}),
                    await client.options("/api/v1/chat/ask", headers=preflight),
                    await client.get("/nada", headers={"Origin": origin}),
                )
                found += any(lets_in(origin, answer.headers, anybody="*" in origins) for answer in answers)
    return found


def _as_it_is(app: ASGIApp) -> ASGIApp:
    return app


def _open_to_all(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_credentials=True)


def _without_policy(app: ASGIApp) -> ASGIApp:
    async def forgetful(scope: Scope, receive: Receive, send: Send) -> None:
        async def without_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [header for header in message["headers"] if header[0] != b"content-security-policy"]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, without_policy)

    return forgetful
