"""T1: no route answers otherwise for an id of another prefeitura, or of a colleague's, than for one that nobody has."""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from uuid import UUID, uuid4

import pytest

from balcao.domain.usuario import Papel
from tests.acceptance.described_api import Json, Operation, operations_of
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.foreign_references import try_to_attach
from tests.acceptance.forgetful_queries import rows_of
from tests.acceptance.installation import Actor, Installation, open_installation
from tests.acceptance.population import Tenant, populate

CODE = "T1"
TRIES = (
    "cada rota com cada id de outra prefeitura ou de colega, por papel, contra ids que não existem; "
    "e mais de 200 referências a linhas de outra prefeitura, no banco"
)
FULL = 3_000
BOUNDED = 300
MUTANT = "segurança por linha desligada nas pessoas, e chave estrangeira simples nos logins"

_SLUGS = ("aurora", "bonito", "cedral")
Answer = tuple[int, bytes, list[tuple[str, str]]]
_FIRST_ERROR = 400
_LEAST_REFERENCES = 200
_ENOUGH_FOR_A_MUTANT = 450
_EVERYBODYS = "/api/v1/documents/"
"""Documents are of the whole installation: nobody's id is foreign there, and tests/api shows that they are answered."""
_VOLATILE = {"x-process-time", "retry-after"}
_SIMPLE_KEY = (
    "CREATE UNIQUE INDEX usuario_id_so ON usuario (id)",
    "ALTER TABLE sessao_login DROP CONSTRAINT sessao_login_usuario_fk",
    "ALTER TABLE sessao_login ADD CONSTRAINT sessao_login_usuario_fk FOREIGN KEY (usuario_id) REFERENCES usuario (id)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who asks, what is his own, and what must not exist for him; ids by their kind, which is a table's name."""

    actor: Actor
    own: dict[str, list[UUID]]
    foreign: dict[str, list[UUID]]
    slugs: tuple[str, ...]

    @property
    def runs_the_installation(self) -> bool:
        """An operador does."""
        return self.actor.papel is Papel.OPERADOR

    def may_name_others(self, operation: Operation, name: str) -> bool:
        """Whether other prefeituras are his business there."""
        return self.runs_the_installation and ("/prefeituras" in operation.path or name == "prefeitura")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where a request of a reader may refer to something, with the ids and slugs of others that are tried there."""

    reader: Reader
    operation: Operation
    where: str
    name: str
    body: Json | None
    values: list[str]


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Answers that tell a foreign id from a random one or show one, foreign rows changed, and references accepted."""
    return await _answers(attempts, environment) + await _references(environment)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same without row-level security on one table, and with one simple foreign key; 0 if either is missed."""
    leaks = await _answers(
        min(attempts, _ENOUGH_FOR_A_MUTANT), environment, "ALTER TABLE usuario DISABLE ROW LEVEL SECURITY"
    )
    accepted = await _references(environment, *_SIMPLE_KEY)
    return leaks + accepted if leaks and accepted else 0


async def test_t1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_t1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


@pytest.mark.parametrize("table", ["chat_session", "chave_api", "prefeitura"])
async def test_t1_notices_an_unprotected(table: str, environment: AcceptanceEnvironment) -> None:
    assert await _answers(_ENOUGH_FOR_A_MUTANT, environment, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY") > 0


async def _answers(attempts: int, environment: AcceptanceEnvironment, *defects: str) -> int:
    """Ask; the defects are planted in the database before."""
    async with open_installation(environment) as installation:
        tenants = await populate(installation.database, list(_SLUGS))
        for defect in defects:
            await installation.admin.execute(defect)
        readers = await _readers(installation, tenants)
        operations = operations_of(installation.app)
        others = [tenant.id for tenant in tenants[1:]]
        before = [await rows_of(installation.admin, other) for other in others]
        places = [place for reader in readers for operation in operations for place in _places(reader, operation)]
        found = await _differences(attempts, installation, places)
        found += sum([await _shows(installation, reader, operation) for reader in readers for operation in operations])
        after = [await rows_of(installation.admin, other) for other in others]
        found += before != after
        if not defects:
            await _require_answers_for_own(installation, readers, operations)
        return found


async def _differences(attempts: int, installation: Installation, places: list[Place]) -> int:
    """How many answers for what is another's are not, byte for byte, those for what is nobody's."""
    random.Random(7).shuffle(places)  # noqa: S311 - an order, not a secret
    found = made = 0
    nobodys: dict[tuple[Place, int], Answer] = {}
    for turn in zip_longest(*(place.values for place in places)):
        for place, value in zip(places, turn, strict=True):
            if value is None:
                continue
            if made == attempts:
                return found
            made += 1
            key = (place, len(value))
            if key not in nobodys:
                nobodys[key] = await _answer(installation, place, _nothing_like(value))
            theirs = await _answer(installation, place, value)
            is_list = place.operation.method == "GET" and place.where == "query"
            found += theirs != nobodys[key] or (theirs[0] < _FIRST_ERROR and not is_list)
    raise RuntimeError(f"only {made} attempts are possible")


async def _references(environment: AcceptanceEnvironment, *defects: str) -> int:
    async with open_installation(environment) as installation:
        tenants = await populate(installation.database, list(_SLUGS))
        for defect in defects:
            await installation.admin.execute(defect)
        made, accepted = await try_to_attach(tenants, installation.accesses, installation.admin)
    assert made >= _LEAST_REFERENCES
    return accepted


async def _readers(installation: Installation, tenants: list[Tenant]) -> list[Reader]:
    """A visitor, and of the first prefeitura people of each role, programs, and one who has conversations."""
    home, others = tenants[0], tenants[1:]
    ana, bia = home.people
    strangers = _merged([_ids_of(other) for other in others])
    theirs: dict[str, list[UUID]] = {
        "chat_session": [bia.conversation.session.id],
        "message": [bia.conversation.message.id],
    }
    people = [
        await installation.log_in(ana.usuario),
        await installation.person(home.id, Papel.GESTOR),
        await installation.person(home.id, Papel.OPERADOR),
    ]
    programs = [await installation.program(home.id, papel) for papel in (Papel.SERVIDOR, Papel.GESTOR)]
    slugs = tuple(other.prefeitura.slug for other in others)
    own = _ids_of(home)
    readers = [
        Reader(actor=actor, own=own, foreign=_merged([strangers, theirs]), slugs=slugs) for actor in people + programs
    ]
    visitor = Actor(name="visitante", prefeitura_id=await installation.public_id())
    every = _merged([strangers, own])
    return [*readers, Reader(actor=visitor, own={}, foreign=every, slugs=(*slugs, home.prefeitura.slug))]


def _ids_of(tenant: Tenant) -> dict[str, list[UUID]]:
    conversations = [conversation for _, conversation in tenant.conversations()]
    return {
        "prefeitura": [tenant.id],
        "usuario": [person.usuario.id for person in tenant.people],
        "chave_api": [tenant.key.id],
        "chat_session": [conversation.session.id for conversation in conversations],
        "message": [conversation.message.id for conversation in conversations],
        "sessao_login": [person.login.id for person in tenant.people],
        "convite": [person.invitation.id for person in tenant.people],
        "credito": [tenant.credit.id],
        "aviso": [tenant.alert.id],
    }


def _merged(parts: list[dict[str, list[UUID]]]) -> dict[str, list[UUID]]:
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    return {kind: [id_ for part in parts for id_ in part.get(kind, [])] for kind in kinds}


def _places(reader: Reader, operation: Operation) -> Iterator[Place]:
    kinds = zip_longest(*reader.foreign.values())
    ids = [id_ for turn in kinds for id_ in turn if id_ is not None]
    texts, cursors = [str(id_) for id_ in ids], [_cursor(id_) for id_ in ids]
    for body in operation.bodies():
        for item in operation.of("path"):
            if not reader.may_name_others(operation, item.name):
                yield _place(reader, operation, "path", item.name, body, texts)
    body = next(operation.bodies())
    for item in operation.of("body"):
        if item.is_id and not operation.path.startswith(_EVERYBODYS):
            yield _place(reader, operation, "body", item.name, body, texts)
    for item in operation.of("query"):
        if item.is_text and not reader.may_name_others(operation, item.name):
            yield _place(reader, operation, "query", item.name, body, [*reader.slugs, *cursors])


def _place(reader: Reader, operation: Operation, where: str, name: str, body: Json | None, values: list[str]) -> Place:
    start = sum(map(ord, f"{reader.actor.name}{operation}{where}{name}{sorted(body or ())}")) % len(values)
    values = values[start:] + values[:start]  # few attempts see every kind of id
    return Place(reader=reader, operation=operation, where=where, name=name, body=body, values=values)


def _cursor(id_: UUID) -> str:
    return base64.urlsafe_b64encode(id_.bytes).decode().rstrip("=")


def _nothing_like(value: str) -> str:
    """What nobody has, in the same form."""
    forms = {len(str(UUID(int=0))): str(uuid4()), len(_cursor(UUID(int=0))): _cursor(uuid4())}
    return forms.get(len(value), "x" * len(value))


async def _answer(installation: Installation, place: Place, value: str) -> Answer:
    """What is answered, without what it repeats of the request, and without times."""
    path = {place.name: value} if place.where == "path" else {}
    query = {place.name: value} if place.where == "query" else None
    body = place.body | {place.name: value} if place.where == "body" and place.body is not None else place.body
    response = await installation.send(
        place.operation.method, place.operation.url(path, query), place.reader.actor, body=body, X_Request_ID="t1"
    )
    headers = [(name, text) for name, text in response.headers.multi_items() if name not in _VOLATILE]
    return response.status_code, response.content.replace(value.encode(), b"?"), headers


async def _shows(installation: Installation, reader: Reader, operation: Operation) -> bool:
    """Whether a route that is asked for nothing in particular shows an id of others."""
    if operation.method != "GET" or operation.of("path") or reader.runs_the_installation:
        return False
    answer = (await installation.send("GET", operation.path, reader.actor)).text
    return any(str(id_) in answer for kind in reader.foreign.values() for id_ in kind)


async def _require_answers_for_own(
    installation: Installation, readers: list[Reader], operations: list[Operation]
) -> None:
    """Make sure that what was refused to strangers is given to somebody: else nothing would be shown.

    Raises:
        RuntimeError: an operation with an id is of use to nobody.
    """
    for operation in operations:
        if not operation.of("path") or operation.path.startswith(_EVERYBODYS):
            continue
        for reader in readers:
            if await _answers_for_own(installation, reader, operation):
                break
        else:
            raise RuntimeError(f"{operation}: no reader may use it even on an id of his own")


async def _answers_for_own(installation: Installation, reader: Reader, operation: Operation) -> bool:
    for body in operation.bodies():
        for id_ in (id_ for kind in reader.own.values() for id_ in kind):
            url = operation.url({item.name: str(id_) for item in operation.of("path")})
            if (await installation.send(operation.method, url, reader.actor, body=body)).status_code < _FIRST_ERROR:
                return True
    return False
