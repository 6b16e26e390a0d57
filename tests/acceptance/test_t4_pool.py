"""T4: nothing of a request stays in the connection that the next one gets, through PgBouncer either."""

import pytest
from sqlalchemy import text

from balcao.infrastructure.database import unit_of_work
from balcao.infrastructure.database.connection import DatabaseAccess, DatabaseAccesses, create_engine
from balcao.infrastructure.database.database import Database
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.pool_traffic import Tally, send_requests
from tests.acceptance.population import populate
from tests.pooler import behind_pgbouncer, pgbouncer

CODE = "T4"
TRIES = "ler linhas alheias em um pool de 3 conexões, com erros, cancelamentos e quedas; e de novo pelo PgBouncer"
FULL = 10_000
BOUNDED = 400
MUTANT = "o contexto vale para a sessão (SET) e não só para a transação (SET LOCAL)"
TENANTS = 20
POOL_SIZE = 3
_FOR_THE_SESSION = text(unit_of_work._SET_TENANT.text.replace(", true)", ", false)"))


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Wrong reads and unclean checkouts of this many requests, and of as many again through PgBouncer."""
    accesses = await environment.new_accesses()
    direct = await _traffic(accesses, accesses.app, attempts)
    return direct.violations + (await _traffic_behind_pgbouncer(attempts, environment)).violations


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with the tenant set for the session."""
    accesses = await environment.new_accesses()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_of_work, "_SET_TENANT", _FOR_THE_SESSION)
        return (await _traffic(accesses, accesses.app, attempts)).violations


async def test_t4(environment: AcceptanceEnvironment) -> None:
    accesses = await environment.new_accesses()
    _assert_isolated(await _traffic(accesses, accesses.app, BOUNDED))


async def test_t4_through_pgbouncer(environment: AcceptanceEnvironment) -> None:
    _assert_isolated(await _traffic_behind_pgbouncer(BOUNDED, environment))


async def test_t4_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def test_t4_through_pgbouncer_fails_on_its_mutant(
    environment: AcceptanceEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_of_work, "_SET_TENANT", _FOR_THE_SESSION)
    assert (await _traffic_behind_pgbouncer(BOUNDED, environment)).wrong_reads > 0


def _assert_isolated(tally: Tally) -> None:
    assert (tally.wrong_reads, tally.unclean_checkouts) == (0, 0)
    assert sum(tally.ended.values()) == BOUNDED
    assert min(tally.ended.values()) > 0


async def _traffic(accesses: DatabaseAccesses, access: DatabaseAccess, attempts: int) -> Tally:
    database = Database(accesses)
    tenants = await populate(database, [f"cidade-{number}" for number in range(TENANTS)])
    await database.dispose()
    engine = create_engine(access, pool_size=POOL_SIZE)
    try:
        tally = await send_requests(engine, tenants, attempts)
    finally:
        await engine.dispose()
    if tally.right_reads < attempts / 3 or tally.checkouts < attempts / 2:
        raise RuntimeError(f"too few requests came far enough to show anything: {tally}")
    return tally


async def _traffic_behind_pgbouncer(attempts: int, environment: AcceptanceEnvironment) -> Tally:
    accesses = await environment.new_accesses()
    async with behind_pgbouncer(pgbouncer(), environment.new_folder(), accesses) as pooled:
        return await _traffic(accesses, pooled.app, attempts)
