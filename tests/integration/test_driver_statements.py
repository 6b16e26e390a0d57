"""What SQLAlchemy would see to, where the driver runs a statement by itself."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from balcao.infrastructure.database.connection import DatabaseAccesses, create_engine
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.leased_connection import LeasedConnection
from tests.factories import a_document, an_embedding, an_inquiry, publish

_TODAY = datetime(2026, 3, 10, tzinfo=UTC)


class Interrupted(Exception):
    pass


async def test_a_search_is_prepared_once_in_a_connection(database: Database) -> None:
    await publish(database, a_document("O prazo é de vinte dias."))
    prepared = text(
        "SELECT count(*), sum(generic_plans + custom_plans)::int FROM pg_prepared_statements"
        " WHERE statement LIKE '%permitidos%' AND statement NOT LIKE '%pg_prepared_statements%'"
    )
    async with database.reader() as reader:
        for _ in range(3):
            inquiry = await an_inquiry(reader, "prazo")
            assert len(await reader.passages.search(inquiry, an_embedding(1.0))) == 1
        assert tuple((await reader._open.execute(prepared)).one()) == (1, 3)


async def test_what_a_unit_of_work_counts_is_undone_with_it(database: Database, admin: asyncpg.Connection) -> None:
    with pytest.raises(Interrupted):
        await _count_and_fail(database)
    assert await admin.fetchval("SELECT count(*) FROM contador") == 0
    async with database.reader() as reader:
        assert await reader.counters.take("teste", bytes(32), _TODAY, limit=1)
    assert await admin.fetchval("SELECT contagem FROM contador") == 1


async def test_only_what_a_reader_counts_is_not_waited_for(database: Database) -> None:
    setting = text("SHOW synchronous_commit")
    async with database.reader() as reader:
        await reader._open.execute(text("BEGIN"))
        assert await reader.counters.take("teste", bytes(32), _TODAY, limit=2)
        assert await reader._open.scalar(setting) == "off", "its own"
        await reader._open.execute(text("COMMIT"))
        assert await reader._open.scalar(setting) == "on", "the next statement's"
    async with database.tenant() as work:
        assert await work.counters.take("teste", bytes(32), _TODAY, limit=2)
        assert await work.counters._connection.scalar(setting) == "on", "all that the transaction writes"


async def _count_and_fail(database: Database) -> None:
    async with database.tenant() as work:
        assert await work.counters.take("teste", bytes(32), _TODAY, limit=1)
        assert not await work.counters.take("teste", bytes(32), _TODAY, limit=1)
        raise Interrupted


async def test_a_statement_that_is_cut_off_leaves_its_connection_to_the_next(accesses: DatabaseAccesses) -> None:
    engine = create_engine(accesses.app, pool_size=1)
    long = DriverStatement(text("SELECT pg_sleep(60), pg_backend_pid()"))
    who = DriverStatement(text("SELECT pg_backend_pid() AS pid"))
    pids = []
    for _ in range(2):
        async with engine.connect() as connection:
            pids += [row["pid"] for row in await who.rows(connection, {})]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(long.rows(connection, {}), 0.2)
    async with engine.connect() as connection:
        pids += [row["pid"] for row in await asyncio.wait_for(who.rows(connection, {}), 10)]
    assert len(set(pids)) == 1
    await engine.dispose()


@pytest.mark.parametrize("used_by_sqlalchemy", [False, True])
async def test_a_connection_that_is_closed_runs_nothing(database: Database, used_by_sqlalchemy: bool) -> None:
    async with database.reader() as reader:
        connection = reader._open
        if used_by_sqlalchemy:
            await connection.execute(text("SELECT 1"))
    with pytest.raises(TypeError, match="no open connection"):
        await DriverStatement(text("SELECT 1")).rows(connection, {})


async def test_a_unit_of_work_that_is_over_runs_nothing(database: Database) -> None:
    async with database.tenant() as work:
        connection = work._open
    with pytest.raises(Exception, match="closed"):
        await DriverStatement(text("SELECT 1")).rows(connection, {})


async def test_a_lease_is_one_connection_for_the_driver_and_for_sqlalchemy_and_is_given_back(
    accesses: DatabaseAccesses,
) -> None:
    engine = create_engine(accesses.app, pool_size=1)
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    state = text("SELECT pg_backend_pid() AS pid, now() AS began")
    seen: list[tuple[int, datetime]] = []
    for _ in range(2):
        lease = await LeasedConnection.of(reading)
        seen += [(row["pid"], row["began"]) for row in await DriverStatement(state).rows(lease, {})]
        seen += [(row.pid, row.began) for row in await lease.execute(state)]
        seen += [(row["pid"], row["began"]) for row in await DriverStatement(state).rows(lease, {})]
        await lease.close()
    assert len({pid for pid, _ in seen}) == 1
    assert len({began for _, began in seen}) == len(seen) == 6, "each is a transaction of its own"
    async with engine.connect() as connection:
        together = [(await connection.execute(state)).one().began for _ in range(2)]
    assert len(set(together)) == 1, "the next taker's are not"
    await engine.dispose()
