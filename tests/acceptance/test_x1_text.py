"""X1: no text breaks a route, and what is kept is exactly what was sent."""

import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from unittest.mock import patch
from uuid import uuid4

import httpx

from balcao.domain.usuario import Papel
from tests.acceptance.described_api import operations_of
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.hostile_requests import INVITATION, HostileRequest, hostile_requests, with_texts
from tests.acceptance.hostile_text import literal
from tests.acceptance.installation import Actor, Installation, open_installation
from tests.factories import a_document, publish

CODE = "X1"
TRIES = (
    "texto, JSON e corpos hostis em cada campo, parâmetro e cabeçalho de cada rota: "
    "nenhum erro 5xx, e o que foi guardado é o que se enviou"
)
FULL = 4_000
BOUNDED = 400
MUTANT = "texto que não se pode guardar deixa de ser recusado"

_ENOUGH_FOR_THE_MUTANT = 300
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_JSON_AS_TEXT = "registro"
"""The column of the audit trail that keeps canonical JSON as text, for its hash."""
_LOGIN, _LOGOUT, _PASSWORD = "/api/v1/auth/login", "/api/v1/auth/logout", "/api/v1/auth/senha"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The application, somebody who may do everything, and things of his; ``kept`` are the texts found in it."""

    installation: Installation
    actor: Actor
    leaver: Actor
    ids: dict[str, str]
    columns: list[tuple[str, str]]
    kept: list[str] = field(default_factory=list)

    async def send(self, request: HostileRequest, content: bytes) -> httpx.Response:
        """Send it from a new address; a header of its own replaces what is given here."""
        actor = self.leaver if request.operation.path == _LOGOUT else self.actor
        given = actor.headers | {"X-Forwarded-For": _an_address()}
        own = {name.encode(): value.encode() for name, value in given.items()}
        client = self.installation.client
        client.cookies.clear()
        return await client.request(
            request.operation.method, request.url, content=content, headers=own | request.headers
        )


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Answers 5xx, and texts kept otherwise than they were sent."""
    return await _found(attempts, environment, lambda _: True)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where every text passes for one that can be kept, with texts that cannot."""
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("balcao.") and hasattr(module, "require_storable"):
                stack.enter_context(patch.object(module, "require_storable", lambda *_, **__: None))
        return await _found(min(attempts, _ENOUGH_FOR_THE_MUTANT), environment, _cannot_be_kept)


async def test_x1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_x1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def test_x1_notices_a_text_that_is_kept_changed(environment: AcceptanceEnvironment) -> None:
    async with open_installation(environment) as installation:
        bench = await _bench(installation)
        operation = next(item for item in operations_of(installation.app) if str(item) == "POST /api/v1/chaves")
        name = next(item for item in operation.of("body") if item.name == "nome")
        (request,) = with_texts(operation, operation.path, name, ["é"], [literal])
        assert not await _violates(bench, request)
        assert bench.kept == [request.text]
        await installation.admin.execute("UPDATE chave_api SET nome = replace(nome, 'é', 'e')")
        assert await _is_kept_changed(bench, request)


async def _found(attempts: int, environment: AcceptanceEnvironment, wanted: Callable[[HostileRequest], bool]) -> int:
    """Violations among this many of the wanted requests.

    Raises:
        RuntimeError: there are fewer; or no text was kept, so that nothing would be shown of it.
    """
    async with open_installation(environment) as installation:
        bench = await _bench(installation)
        requests = list(filter(wanted, hostile_requests(operations_of(installation.app), bench.ids)))
        if len(requests) < attempts:
            raise RuntimeError(f"only {len(requests)} attempts are possible")
        random.Random(7).shuffle(requests)  # noqa: S311 - an order, not a secret
        found = sum([await _violates(bench, request) for request in requests[:attempts]])
    if not (found or bench.kept):
        raise RuntimeError("no text was kept")
    return found


def _cannot_be_kept(request: HostileRequest) -> bool:
    return b"\\u0000" in request.value or b"\\ud8" in request.value


async def _bench(installation: Installation) -> Bench:
    home, other = [await installation.prefeitura(slug) for slug in ("aurora", "bonito")]
    actor = await installation.person(home.id, Papel.OPERADOR)
    colleague = await installation.person(home.id)
    asked = await installation.send("POST", "/api/v1/chat/ask", actor, body={"message": "Qual o prazo?"})
    key = await installation.send("POST", "/api/v1/chaves", actor, body={"nome": "programa"})
    announced = await installation.send(
        "POST", "/api/v1/documents/uploads", actor, body={"file_name": "lei.txt", "size": 7, "sha256": uuid4().hex * 2}
    )
    document = await publish(installation.database, a_document())
    rows = await installation.admin.fetch(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'balcao' AND data_type IN ('text', 'jsonb')"
    )
    return Bench(
        installation=installation,
        actor=actor,
        leaver=await installation.person(home.id),
        ids={
            "prefeitura_id": str(other.id),
            "usuario_id": str(colleague.usuario_id),
            "session_id": asked.json()["session_id"],
            "chave_id": key.json()["chave"]["id"],
            "document_id": str(document.id),
            "upload_id": announced.json()["upload_id"],
        },
        columns=[(row["table_name"], row["column_name"]) for row in rows],
    )


async def _violates(bench: Bench, request: HostileRequest) -> bool:
    content, email = request.content, ""
    if INVITATION.encode() in content:
        email, token = await _invite(bench)
        content = content.replace(INVITATION.encode(), token.encode())
    response = await bench.send(request, content)
    if response.status_code >= _FIRST_SERVER_ERROR:
        return True
    if response.status_code >= _FIRST_ERROR or request.text is None:
        return False
    if request.operation.path == _PASSWORD:
        return await _is_another_password(bench, email, request.text)
    return await _is_kept_changed(bench, request)


async def _invite(bench: Bench) -> tuple[str, str]:
    """The e-mail of a new person, and the token of his invitation."""
    email = f"{uuid4().hex[:12]}@exemplo.org"
    body = {"nome": "Ana Lima", "email": email}
    invited = await bench.installation.send("POST", "/api/v1/usuarios", bench.actor, body=body)
    return email, str(invited.json()["convite"])


async def _is_another_password(bench: Bench, email: str, password: str) -> bool:
    """Whether the password that was just set does not open the door."""
    body = {"email": email, "senha": password}
    entered = await bench.installation.send("POST", _LOGIN, body=body, X_Forwarded_For=_an_address())
    return entered.status_code >= _FIRST_ERROR


def _an_address() -> str:
    return str(IPv4Address(uuid4().int % 2**32))


async def _is_kept_changed(bench: Bench, request: HostileRequest) -> bool:
    """Whether a text with the request's nonce stands in the database that is not the one that was sent."""
    found = False
    for table, column in bench.columns:
        rows = await bench.installation.admin.fetch(
            f"SELECT to_json({column})::text AS kept FROM {table} WHERE strpos({column}::text, $1) > 0", request.nonce
        )
        for row in rows:
            value = json.loads(row["kept"])
            for kept in _strings(json.loads(value) if column == _JSON_AS_TEXT else value):
                expected = request.text.lower() if request.text and column == "email" else request.text
                if request.nonce in kept:
                    bench.kept.append(kept)
                    found |= kept != expected
    return found


def _strings(value: object) -> Iterator[str]:
    """Every string and key of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
