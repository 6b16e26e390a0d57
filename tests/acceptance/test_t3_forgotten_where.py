"""T3: a query that forgets its WHERE, or is given somebody else's ids, meets no row that is not the reader's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import Table

from balcao.infrastructure.database.database import Database
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.forgetful_queries import TENANT_TABLES, Trial
from tests.acceptance.population import populate
from tests.acceptance.repository_calls import OF_A_TENANT, OF_NOBODY, REPOSITORIES

CODE = "T3"
TRIES = "alcançar linhas de outra prefeitura ou de um colega com comandos sem WHERE, com ids alheios e sem contexto"
FULL = 5_000
BOUNDED = 400
MUTANT = "segurança por linha desligada em uma tabela, cada uma por vez"
_ENOUGH_FOR_A_MUTANT = 300
pytestmark = pytest.mark.filterwarnings("ignore:.*cartesian product")  # a join without its WHERE is one
_TENANTS = ("aurora", "bonito", "cedral")


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Attempts that met a row that is not the reader's, or were not refused."""
    async with _trial(environment) as trial:
        await trial.run(attempts)
        return trial.violations


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with each table unprotected in turn; 0 as soon as one goes unnoticed."""
    found = [await _violations_without_security(table, environment) for table in TENANT_TABLES]
    return sum(found) if all(found) else 0


async def test_t3(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_t3_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await _violations_without_security(TENANT_TABLES[0], environment) > 0


@pytest.mark.parametrize("table", TENANT_TABLES[1:], ids=lambda table: str(table.name))
async def test_t3_notices_an_unprotected(table: Table, environment: AcceptanceEnvironment) -> None:
    assert await _violations_without_security(table, environment) > 0


async def test_t3_notices_that_colleagues_are_not_kept_apart(environment: AcceptanceEnvironment) -> None:
    """The policies of conversations reduced to the prefeitura."""
    async with _trial(environment) as trial:
        for table in ("chat_session", "message"):
            mine = "(prefeitura_id = (SELECT balcao.tenant()))"
            await trial.admin.execute(f"ALTER POLICY tenant ON {table} USING {mine} WITH CHECK {mine}")
        await trial.run(_ENOUGH_FOR_A_MUTANT * 2)
        assert trial.violations > 0


def test_every_repository_is_known_to_be_a_tenants_or_nobodys() -> None:
    assert set(REPOSITORIES) == {*OF_A_TENANT, *OF_NOBODY}


async def _violations_without_security(table: Table, environment: AcceptanceEnvironment) -> int:
    async with _trial(environment) as trial:
        await trial.admin.execute(f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY")
        await trial.run(_ENOUGH_FOR_A_MUTANT)
        return trial.violations


@asynccontextmanager
async def _trial(environment: AcceptanceEnvironment) -> AsyncIterator[Trial]:
    accesses = await environment.new_accesses()
    database = Database(accesses)
    admin = await asyncpg.connect(accesses.admin.url, server_settings={"search_path": "balcao, public"})
    try:
        yield Trial(database=database, admin=admin, tenants=await populate(database, list(_TENANTS)))
    finally:
        await admin.close()
        await database.dispose()
