"""Bounded counts in PostgreSQL."""

from datetime import datetime

from sqlalchemy import Integer, bindparam, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import counters

_NEW = insert(counters)
_TAKE = DriverStatement(
    _NEW.on_conflict_do_update(
        constraint="contador_pk",
        set_={counters.c.count: counters.c.count + 1},
        where=counters.c.count < bindparam("most", type_=Integer),
    ).returning(counters.c.count)
)


class PostgresCounterRepository:
    """CounterRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, scope: str, subject: bytes, window: datetime, *, limit: int) -> bool:
        """One INSERT that becomes an UPDATE with its condition: concurrent takers never pass the limit."""
        if limit < 1:
            return False
        values = {"scope": scope, "subject": subject, "window": window, "count": 1, "most": limit}
        return bool(await _TAKE.rows(self._connection, values))

    async def give_back(self, scope: str, subject: bytes, window: datetime) -> None:
        """One UPDATE that never passes below zero."""
        statement = update(counters).where(
            counters.c.scope == scope, counters.c.subject == subject, counters.c.window == window, counters.c.count > 0
        )
        await self._connection.execute(statement.values({counters.c.count: counters.c.count - 1}))

    async def forget_before(self, window: datetime) -> int:
        """Delete the rows of earlier windows."""
        return (await self._connection.execute(delete(counters).where(counters.c.window < window))).rowcount
