"""I1: requests with one Idempotency-Key take effect once, however many are sent at once, and to which process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from unittest.mock import patch
from uuid import uuid4

import httpx

from balcao.domain.usuario import Papel
from balcao.infrastructure.database.tables import audit_heads, counters, idempotent_answers, metadata, quota_periods
from balcao.infrastructure.repositories.idempotency import PostgresIdempotencyRepository
from balcao.interface.dependencies.container import open_container
from balcao.interface.main import create_app
from tests.acceptance.described_api import Json, Operation, operations_of
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.installation import SETTINGS, Actor, Installation, client_of_app, open_installation
from tests.applications import settings_in

CODE = "I1"
TRIES = "50 POST ao mesmo tempo com uma Idempotency-Key, em dois processos; outro corpo e outra prefeitura com a mesma"
FULL = 500
BOUNDED = 400
MUTANT = "a chave é sempre concedida"

_AT_ONCE = 50
_BODY_OF_ANOTHER = {
    "message": "Quantos dias de férias tem o servidor?",
    "query": "férias",
    "nome": "Outro nome",
    "size": 8,
    "motivo": "Outro motivo",
}
_NOT_COUNTED = (idempotent_answers, counters, quota_periods, audit_heads)
_COUNTED = [table for table in metadata.sorted_tables if table not in _NOT_COUNTED]
_COUNTED_FOR_VISITORS = ("/api/v1/documents/search",)
"""Routes that leave no trace of a person's requests, so that a visitor's are watched."""

Effect = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A POST that takes a key, and two who may send it: people of different prefeituras, or visitors."""

    operation: Operation
    actors: tuple[Actor, ...]
    urls: tuple[str, ...]


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Second effects, answers that differ, keys taken for another request, and answers of another prefeitura."""
    async with _two_processes(environment) as (installation, second):
        cases = await _cases(installation)
        rounds = -(-attempts // _AT_ONCE)
        return sum([await _round(installation, second, cases[number % len(cases)]) for number in range(rounds)])


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where whoever asks for a key gets it."""

    async def grant(*_: object) -> None:
        return None

    with patch.object(PostgresIdempotencyRepository, "begin", grant):
        return await violations(min(attempts, _AT_ONCE), environment)


async def test_i1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_i1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def test_i1_tries_every_post_that_takes_a_key(environment: AcceptanceEnvironment) -> None:
    async with open_installation(environment) as installation:
        assert len(await _cases(installation)) * _AT_ONCE <= BOUNDED


@asynccontextmanager
async def _two_processes(environment: AcceptanceEnvironment) -> AsyncIterator[tuple[Installation, httpx.AsyncClient]]:
    """Two applications that share nothing but the database and the installation's secret."""
    secret: dict[str, object] = {"balcao_secret_key": uuid4().hex}
    async with open_installation(environment, **secret) as installation:
        settings = settings_in(environment.new_folder(), **(SETTINGS | secret))
        async with (
            open_container(settings, installation.accesses) as container,
            client_of_app(create_app(container)) as second,
        ):
            yield installation, second


async def _cases(installation: Installation) -> list[Case]:
    first = await installation.prefeitura("aurora")
    other = await installation.prefeitura("bonito")
    actors = [await installation.person(place.id, Papel.OPERADOR) for place in (first, other)]
    colleagues = [await installation.person(place.id) for place in (first, other)]
    public = await installation.public_id()
    visitors = [
        Actor(name="visitante", prefeitura_id=public, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        for number in (1, 2)
    ]
    return [
        Case(
            operation=operation,
            actors=tuple(visitors if operation.path in _COUNTED_FOR_VISITORS else actors),
            urls=tuple(_url(operation, colleague) for colleague in colleagues),
        )
        for operation in operations_of(installation.app)
        if operation.method == "POST" and operation.takes_key
    ]


def _url(operation: Operation, colleague: Actor) -> str:
    ids = {"prefeitura_id": colleague.prefeitura_id, "usuario_id": colleague.usuario_id}
    return operation.url({item.name: str(ids[item.name]) for item in operation.of("path")})


async def _round(installation: Installation, second: httpx.AsyncClient, case: Case) -> int:
    """One burst of equal requests, and what comes after it."""
    key = uuid4().hex
    once = await _effect_of(installation, [_request(case, uuid4().hex, _body(case))], second)
    body = _body(case)
    burst = [_request(case, key, body)] * _AT_ONCE
    all_at_once = await _effect_of(installation, burst, second)
    again = await _send(installation.client, _request(case, key, body))
    answered = {(answer.status_code, answer.content) for answer in all_at_once.answers if answer.status_code < 400}
    waiting = [answer for answer in all_at_once.answers if answer.status_code >= 400]
    found = int(all_at_once.effect != once.effect or not any(once.effect.values()))
    found += abs(len(answered) - 1) + sum(not _is_in_progress(answer) for answer in waiting)
    found += (again.status_code, again.content) not in answered
    found += await _taken_for_another(installation, case, key, body)
    theirs = await _send(installation.client, _request(case, key, _body(case), actor=1))
    return found + (theirs.status_code >= 400 or (theirs.status_code, theirs.content) in answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    effect: Effect
    answers: list[httpx.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    url: str
    headers: dict[str, str]
    body: Json | None


def _request(case: Case, key: str, body: Json | None, *, actor: int = 0) -> _Request:
    headers = case.actors[actor].headers | {"Idempotency-Key": key}
    return _Request(url=case.urls[actor], headers=headers, body=body)


def _body(case: Case) -> Json | None:
    return next(case.operation.bodies())


async def _send(client: httpx.AsyncClient, request: _Request) -> httpx.Response:
    return await client.post(request.url, json=request.body, headers=request.headers)


async def _effect_of(installation: Installation, requests: list[_Request], second: httpx.AsyncClient) -> _Outcome:
    """Send these at once, to the two processes in turn; what changed in the database."""
    before = await _rows(installation)
    clients = (installation.client, second)
    answers = await asyncio.gather(*(_send(clients[number % 2], item) for number, item in enumerate(requests)))
    after = await _rows(installation)
    return _Outcome(effect={name: after[name] - before[name] for name in before}, answers=answers)


async def _rows(installation: Installation) -> Effect:
    """Rows of each table, and what was counted."""
    admin = installation.admin
    rows = {table.name: int(await admin.fetchval(f"SELECT count(*) FROM {table.name}")) for table in _COUNTED}
    return rows | {"contagem": int(await admin.fetchval("SELECT coalesce(sum(contagem), 0) FROM contador"))}


async def _taken_for_another(installation: Installation, case: Case, key: str, body: Json | None) -> bool:
    """Whether the key serves for another body, where there is a body."""
    if body is None:
        return False
    changed = body | {name: value for name, value in _BODY_OF_ANOTHER.items() if name in body}
    refused = await _send(installation.client, _request(case, key, changed))
    return refused.status_code != 422 or refused.json()["detail"]["error_code"] != "idempotency_key_reused"


def _is_in_progress(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json()["detail"]["error_code"] == "request_in_progress"
