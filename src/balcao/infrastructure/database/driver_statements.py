"""Statements that every search and every question wait for, run by the driver itself.

SQLAlchemy hands each statement to another greenlet, and describes and adapts each result anew: of the processor time of
a search in this process that was a fifth (docs/adr/016).
"""

from collections.abc import Iterable, Mapping

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import DQLDMLClauseElement

from balcao.infrastructure.database.leased_connection import LeasedConnection

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its constructor unannotated


class DriverStatement:
    """A statement that is compiled once. Values go in and rows come out as the driver has them, by their column's name.

    In a unit of work it runs in the unit's transaction, which has begun before anybody holds the unit.
    """

    def __init__(self, statement: DQLDMLClauseElement) -> None:
        self.statement = statement
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._constants = compiled.params

    async def rows(self, connection: AsyncConnection, values: Mapping[str, object]) -> list[asyncpg.Record]:
        """Run it.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError: of SQLAlchemy there is nobody to wrap them.
            TypeError: the connection is none of the driver's, or not open.
        """
        return list(await _driver_of(connection).fetch(self._text, *self._arguments(values)))

    async def run_many(self, connection: AsyncConnection, values: Iterable[Mapping[str, object]]) -> None:
        """Run it for each of these, in one round trip: all of them or none. It raises as ``rows`` does."""
        await _driver_of(connection).executemany(self._text, [self._arguments(each) for each in values])

    def _arguments(self, values: Mapping[str, object]) -> list[object]:
        given = {**self._constants, **values}
        return [given[name] for name in self._names]


def _driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    driver: object
    if isinstance(connection, LeasedConnection):
        driver = connection.driver
    else:
        driver = connection.sync_connection and connection.sync_connection.connection.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("no open connection of asyncpg's")
    return driver
