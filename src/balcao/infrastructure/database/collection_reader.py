"""Reading the collection outside any transaction."""

from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.infrastructure.database.constraints import raise_meaning
from balcao.infrastructure.database.leased_connection import LeasedConnection
from balcao.infrastructure.repositories.counters import PostgresCounterRepository
from balcao.infrastructure.repositories.documents import PostgresDocumentRepository
from balcao.infrastructure.repositories.passages import PostgresPassageRepository
from balcao.infrastructure.repositories.prefeituras import PostgresPrefeituraRepository, seen_by_itself
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository


class PostgresCollectionReader:
    """One connection of the application's role in AUTOCOMMIT: each statement is one round trip.

    No tenant is set on it, so row-level security shows it no tenant's row, but for the one statement that sets its own.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: LeasedConnection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await LeasedConnection.of(self._engine)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.close()
        raise_meaning(error)

    @property
    def _open(self) -> LeasedConnection:
        if self._connection is None:
            raise RuntimeError("the reader is used outside its `async with`")
        return self._connection

    @cached_property
    def documents(self) -> PostgresDocumentRepository:
        """The global collection of documents."""
        return PostgresDocumentRepository(self._open)

    @cached_property
    def vectors(self) -> PostgresVectorRepository:
        """Embeddings."""
        return PostgresVectorRepository(self._open)

    @cached_property
    def passages(self) -> PostgresPassageRepository:
        """Hybrid search."""
        return PostgresPassageRepository(self._open)

    @cached_property
    def prefeituras(self) -> PostgresPrefeituraRepository:
        """The narrow doors to the tenants' ids."""
        return PostgresPrefeituraRepository(self._open)

    @cached_property
    def counters(self) -> PostgresCounterRepository:
        """Bounded counts of no tenant."""
        return PostgresCounterRepository(self._open, in_autocommit=True)

    async def prefeitura(self, prefeitura_id: PrefeituraId | None) -> Prefeitura | None:
        """The row of one prefeitura as that one sees it; without an id, of the public one."""
        return await seen_by_itself(self._open, prefeitura_id)
