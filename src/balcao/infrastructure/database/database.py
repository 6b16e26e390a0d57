"""The database as the rest of the program uses it: units of work for each role, on pools that are opened when used."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncEngine

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.infrastructure.database.collection_reader import PostgresCollectionReader
from balcao.infrastructure.database.connection import DatabaseAccesses, create_engine
from balcao.infrastructure.database.unit_of_work import PostgresUnitOfWork

_APP_POOL = 5
_INGESTION_POOL = 3  # while one waits for the disk to hold what it commits, two keep two cores busy
_OPERATOR_POOL = 2


class Database:
    """Pools of one process. Call ``dispose`` before its event loop ends."""

    def __init__(self, accesses: DatabaseAccesses) -> None:
        self._accesses = accesses

    def tenant(
        self, prefeitura_id: PrefeituraId | None = None, usuario_id: UsuarioId | None = None
    ) -> PostgresUnitOfWork:
        """A unit of work of the API's role, which sees one prefeitura's rows or none, one person's conversations."""
        return PostgresUnitOfWork(self._app, prefeitura_id, usuario_id)

    def reader(self) -> PostgresCollectionReader:
        """The API's role outside any transaction and any tenant, for reading the collection."""
        return PostgresCollectionReader(self._reading)

    def ingestion(self) -> PostgresUnitOfWork:
        """A unit of work of the role that writes the global documents."""
        return PostgresUnitOfWork(self._ingestion)

    def operator(self) -> PostgresUnitOfWork:
        """A unit of work of the installation's operator, which sees every prefeitura; never for a tenant's request."""
        return PostgresUnitOfWork(self._operator)

    async def dispose(self) -> None:
        """Close every connection."""
        self.__dict__.pop("_reading", None)
        for name in ("_app", "_ingestion", "_operator"):
            engine = self.__dict__.pop(name, None)
            if isinstance(engine, AsyncEngine):
                await engine.dispose()

    @cached_property
    def _app(self) -> AsyncEngine:
        return create_engine(self._accesses.app, pool_size=_APP_POOL)

    @cached_property
    def _reading(self) -> AsyncEngine:
        """The same pool; only the transactions differ."""
        return self._app.execution_options(isolation_level="AUTOCOMMIT")

    @cached_property
    def _ingestion(self) -> AsyncEngine:
        return create_engine(self._accesses.ingestion, pool_size=_INGESTION_POOL)

    @cached_property
    def _operator(self) -> AsyncEngine:
        return create_engine(self._accesses.operator, pool_size=_OPERATOR_POOL)
