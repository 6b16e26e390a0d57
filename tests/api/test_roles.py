"""The table of routes and roles in docs/api.md is what the program does, cell by cell."""

import httpx
import pytest

from balcao.domain.usuario import Papel
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import Container
from balcao.interface.main import create_app
from tests.api.accounts import Accounts
from tests.api.role_requests import REQUESTS, ROLES, World, observed
from tests.architecture.test_docs import quoted, routes, rows, sections

ANSWERS = ("sim", "não", "próprio")


def documented() -> dict[str, dict[str, str]]:
    """The table: for each route, what each role may."""
    table = [row for row in rows(sections("api.md")[""]) if len(row) == 1 + len(ROLES)]
    return {quoted(row[0])[0]: dict(zip(ROLES, row[1:], strict=True)) for row in table}


def unlisted(table: dict[str, dict[str, str]], wanted: set[str]) -> set[str]:
    """Routes that stand in one of the two only."""
    return table.keys() ^ wanted


@pytest.fixture
async def world(database: Database, accounts: Accounts) -> World:
    own, other = [await accounts.prefeitura(slug) for slug in ("aurora", "nova-trento")]
    return World(database, accounts, own, other)


def test_every_route_is_in_the_table_and_is_tried(unconnected: Container) -> None:
    wanted = set(routes(create_app(unconnected)))
    assert unlisted(documented(), wanted) == set()
    assert REQUESTS.keys() == wanted
    assert all(answer in ANSWERS for row in documented().values() for answer in row.values())


def test_a_missing_route_would_be_noticed(unconnected: Container) -> None:
    table = documented()
    del table["GET /api/v1/usuarios"]
    assert unlisted(table, set(routes(create_app(unconnected)))) == {"GET /api/v1/usuarios"}


async def test_every_role_may_do_what_the_table_says(client: httpx.AsyncClient, world: World) -> None:
    seen: dict[str, dict[str, str]] = {route: {} for route in REQUESTS}
    for route in REQUESTS:
        for role in ROLES:
            await world.renew(role)
            seen[route][role] = await observed(client, world, route, role)
    assert seen == documented()


@pytest.mark.parametrize(
    ("route", "role"),
    [
        ("POST /api/v1/prefeituras", "gestor"),
        ("GET /api/v1/usuarios", "servidor"),
        ("PATCH /api/v1/usuarios/{usuario_id}", "servidor"),
        ("DELETE /api/v1/chaves/{chave_id}", "servidor"),
    ],
)
async def test_a_forgotten_role_check_would_be_noticed(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch, route: str, role: str
) -> None:
    monkeypatch.setattr("balcao.domain.identity.Principal.require", lambda _self, *_papeis: None)
    await world.renew(role)
    assert await observed(client, world, route, role) != documented()[route][role]


async def test_a_flipped_cell_would_be_noticed(client: httpx.AsyncClient, world: World) -> None:
    route, role = "GET /api/v1/prefeituras", Papel.GESTOR
    await world.renew(role)
    seen = await observed(client, world, route, role)
    assert seen == documented()[route][role]
    assert all(seen != flipped for flipped in ANSWERS if flipped != documented()[route][role])
