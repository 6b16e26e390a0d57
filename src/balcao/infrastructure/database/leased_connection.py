"""A connection taken from a pool for statements that the driver runs by itself (driver_statements).

SQLAlchemy's own connection costs 0.1 ms of the processor to make and to end, a fifth of what a search by vectors costs
this process. Here it is made, over the same connection of the driver's, once a statement of SQLAlchemy's is run.
"""

from typing import Self

from sqlalchemy import Connection, PoolProxiedConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class LeasedConnection(AsyncConnection):
    """``await LeasedConnection.of(engine)``; ``close`` gives it back."""

    def __init__(self, engine: AsyncEngine, lease: PoolProxiedConnection) -> None:
        self._lease = lease
        self._of_sqlalchemy: Connection | None = None
        super().__init__(engine)

    @classmethod
    async def of(cls, engine: AsyncEngine) -> Self:
        """One of the engine's pool, once there is one."""
        return cls(engine, await engine.raw_connection())

    @property
    def driver(self) -> object:
        """The driver's connection; None once it is given back."""
        return self._lease.driver_connection

    @property
    def sync_connection(self) -> Connection:
        """SQLAlchemy's connection, with the engine's options."""
        if self._of_sqlalchemy is None:
            self._of_sqlalchemy = Connection(self.sync_engine, self._lease)
        return self._of_sqlalchemy

    @sync_connection.setter
    def sync_connection(self, given: Connection | None) -> None:
        self._of_sqlalchemy = given

    async def close(self) -> None:
        """Give it back to its pool."""
        if self._of_sqlalchemy is None:
            self._lease.close()
        else:
            await super().close()
