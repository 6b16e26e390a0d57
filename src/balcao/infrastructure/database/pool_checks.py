"""No dead connection is given out of a pool, at no cost to the living ones.

The driver knows of a connection that the other side closed. One that was dropped silently on the way shows only when it
is used, so that is tried, but only after a moment of idleness: SQLAlchemy's ``pool_pre_ping`` tries each time, which is
three round trips that every search would wait for.
"""

import time

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

IDLE_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_DEAD = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell has arrived, and the end of the connection has not
    OSError,
)
_RETURNED_AT = "balcao.returned_at"


def check_when_taken(engine: AsyncEngine) -> None:
    """Have the engine's pool replace a connection that is dead when it is about to be used."""

    def note(_connection: AdaptedConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_RETURNED_AT] = time.monotonic()

    def check(connection: AdaptedConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        now = time.monotonic()
        if now - record.info.get(_RETURNED_AT, now) > IDLE_SECONDS:
            connection.run_async(_ask)

    event.listen(engine.sync_engine.pool, "checkin", note)
    event.listen(engine.sync_engine.pool, "checkout", check)


async def _ask(driver: asyncpg.Connection) -> None:
    """Try the connection.

    Raises:
        DisconnectionError: it does not answer.
    """
    try:
        await driver.execute("SELECT 1", timeout=_ANSWER_SECONDS)
    except _DEAD as error:
        raise DisconnectionError from error
