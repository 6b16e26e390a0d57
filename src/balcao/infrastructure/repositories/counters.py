"""Bounded counts in PostgreSQL."""

from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, func, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import counters

_NEW = insert(counters)
_TAKEN = _NEW.on_conflict_do_update(
    constraint="contador_pk",
    set_={counters.c.count: counters.c.count + 1},
    where=counters.c.count < bindparam("most", type_=Integer),
)
_UNAWAITED = func.set_config("synchronous_commit", "off", true())  # until the transaction's end
_TAKE = DriverStatement(_TAKEN.returning(counters.c.count))
_TAKE_BY_ITSELF = DriverStatement(_TAKEN.returning(counters.c.count, _UNAWAITED))


class PostgresCounterRepository:
    """CounterRepository on one connection.

    ``in_autocommit``, nobody waits for the disk to hold what is counted: a server that loses its power loses the counts
    of a moment before. In a transaction that would hold for all that it writes.
    """

    def __init__(self, connection: AsyncConnection, *, in_autocommit: bool = False) -> None:
        self._connection = connection
        self._take = _TAKE_BY_ITSELF if in_autocommit else _TAKE

    async def take(self, scope: str, subject: bytes, window: datetime, *, limit: int) -> bool:
        """One INSERT that becomes an UPDATE with its condition: concurrent takers never pass the limit."""
        if limit < 1:
            return False
        values = {"scope": scope, "subject": subject, "window": window, "count": 1, "most": limit}
        return bool(await self._take.rows(self._connection, values))

    async def give_back(self, scope: str, subject: bytes, window: datetime) -> None:
        """One UPDATE that never passes below zero."""
        statement = update(counters).where(
            counters.c.scope == scope, counters.c.subject == subject, counters.c.window == window, counters.c.count > 0
        )
        await self._connection.execute(statement.values({counters.c.count: counters.c.count - 1}))

    async def forget_before(self, window: datetime) -> int:
        """Delete the rows of earlier windows."""
        return (await self._connection.execute(delete(counters).where(counters.c.window < window))).rowcount
