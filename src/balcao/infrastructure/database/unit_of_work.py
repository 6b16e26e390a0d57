"""The unit of work on one PostgreSQL connection."""

from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.infrastructure.database.constraints import raise_meaning
from balcao.infrastructure.repositories.alerts import PostgresAlertRepository
from balcao.infrastructure.repositories.api_keys import PostgresApiKeyRepository
from balcao.infrastructure.repositories.audit import PostgresAuditRepository
from balcao.infrastructure.repositories.chunks import PostgresDocumentChunkRepository
from balcao.infrastructure.repositories.consumption_reports import PostgresConsumptionReportRepository
from balcao.infrastructure.repositories.counters import PostgresCounterRepository
from balcao.infrastructure.repositories.documents import PostgresDocumentRepository
from balcao.infrastructure.repositories.idempotency import PostgresIdempotencyRepository
from balcao.infrastructure.repositories.ingestion_jobs import PostgresIngestionJobRepository
from balcao.infrastructure.repositories.invitations import PostgresInvitationRepository
from balcao.infrastructure.repositories.ledger import PostgresLedgerRepository
from balcao.infrastructure.repositories.login_sessions import PostgresLoginSessionRepository
from balcao.infrastructure.repositories.messages import PostgresMessageRepository
from balcao.infrastructure.repositories.paid_vectors import PostgresPaidVectorRepository
from balcao.infrastructure.repositories.passages import PostgresPassageRepository
from balcao.infrastructure.repositories.prefeituras import PostgresPrefeituraRepository
from balcao.infrastructure.repositories.quotas import PostgresQuotaRepository
from balcao.infrastructure.repositories.reservations import PostgresReservationRepository
from balcao.infrastructure.repositories.sessions import PostgresSessionRepository
from balcao.infrastructure.repositories.uploads import PostgresUploadRepository
from balcao.infrastructure.repositories.usuarios import PostgresUsuarioRepository
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository

_SET_TENANT = text(
    "SELECT set_config('balcao.prefeitura_id', :prefeitura_id, true),"
    " set_config('balcao.usuario_id', :usuario_id, true)"
)


class PostgresUnitOfWork:
    """One transaction of one database role, seen by one prefeitura and one person, or by none.

    Its first act is a statement, whatever the caller does next: SQLAlchemy's asyncpg adapter only sends BEGIN with the
    first statement, and a COPY on the driver's connection before it would commit by itself. The tenant is set for
    this transaction only, so nothing of it stays in the pooled connection.
    """

    def __init__(
        self, engine: AsyncEngine, prefeitura_id: PrefeituraId | None = None, usuario_id: UsuarioId | None = None
    ) -> None:
        self._engine = engine
        self._prefeitura_id = prefeitura_id
        self._usuario_id = usuario_id
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await self._engine.connect()
        try:
            tenant = {"prefeitura_id": str(self._prefeitura_id or ""), "usuario_id": str(self._usuario_id or "")}
            await self._connection.execute(_SET_TENANT, tenant)
        except BaseException as error:
            await self._connection.close()
            raise_meaning(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._end(commit=error is None)
        except DBAPIError as ending:  # of a lost connection, when COPY failed of it, only the rollback may tell
            raise_meaning(error)
            raise_meaning(ending)
            raise
        raise_meaning(error)

    async def _end(self, *, commit: bool) -> None:
        try:
            await (self._open.commit() if commit else self._open.rollback())
        finally:
            await self._open.close()

    @property
    def _open(self) -> AsyncConnection:
        if self._connection is None:
            raise RuntimeError("the unit of work is used outside its `async with`")
        return self._connection

    @cached_property
    def documents(self) -> PostgresDocumentRepository:
        """The global collection of documents."""
        return PostgresDocumentRepository(self._open)

    @cached_property
    def chunks(self) -> PostgresDocumentChunkRepository:
        """The passages of documents."""
        return PostgresDocumentChunkRepository(self._open)

    @cached_property
    def vectors(self) -> PostgresVectorRepository:
        """Embeddings."""
        return PostgresVectorRepository(self._open)

    @cached_property
    def passages(self) -> PostgresPassageRepository:
        """Hybrid search."""
        return PostgresPassageRepository(self._open)

    @cached_property
    def paid_vectors(self) -> PostgresPaidVectorRepository:
        """Vectors already paid for."""
        return PostgresPaidVectorRepository(self._open)

    @cached_property
    def jobs(self) -> PostgresIngestionJobRepository:
        """The work of taking documents in."""
        return PostgresIngestionJobRepository(self._open)

    @cached_property
    def uploads(self) -> PostgresUploadRepository:
        """Announced uploads."""
        return PostgresUploadRepository(self._open)

    @cached_property
    def prefeituras(self) -> PostgresPrefeituraRepository:
        """The tenants."""
        return PostgresPrefeituraRepository(self._open)

    @cached_property
    def usuarios(self) -> PostgresUsuarioRepository:
        """The tenant's people."""
        return PostgresUsuarioRepository(self._open)

    @cached_property
    def sessions(self) -> PostgresSessionRepository:
        """The tenant's conversations."""
        return PostgresSessionRepository(self._open)

    @cached_property
    def messages(self) -> PostgresMessageRepository:
        """The tenant's messages."""
        return PostgresMessageRepository(self._open)

    @cached_property
    def login_sessions(self) -> PostgresLoginSessionRepository:
        """The tenant's logins."""
        return PostgresLoginSessionRepository(self._open)

    @cached_property
    def invitations(self) -> PostgresInvitationRepository:
        """The tenant's invitations."""
        return PostgresInvitationRepository(self._open)

    @cached_property
    def api_keys(self) -> PostgresApiKeyRepository:
        """The tenant's API keys."""
        return PostgresApiKeyRepository(self._open)

    @cached_property
    def counters(self) -> PostgresCounterRepository:
        """Bounded counts of no tenant."""
        return PostgresCounterRepository(self._open)

    @cached_property
    def idempotency(self) -> PostgresIdempotencyRepository:
        """The tenant's answers by Idempotency-Key."""
        return PostgresIdempotencyRepository(self._open, self._prefeitura_id)

    @cached_property
    def quotas(self) -> PostgresQuotaRepository:
        """The tenant's periods and credits."""
        return PostgresQuotaRepository(self._open)

    @cached_property
    def reservations(self) -> PostgresReservationRepository:
        """The tenant's reserved tokens."""
        return PostgresReservationRepository(self._open)

    @cached_property
    def ledger(self) -> PostgresLedgerRepository:
        """The tenant's charges."""
        return PostgresLedgerRepository(self._open)

    @cached_property
    def alerts(self) -> PostgresAlertRepository:
        """The tenant's alerts."""
        return PostgresAlertRepository(self._open)

    @cached_property
    def consumption(self) -> PostgresConsumptionReportRepository:
        """Sums over the tenant's ledger."""
        return PostgresConsumptionReportRepository(self._open)

    @cached_property
    def audit(self) -> PostgresAuditRepository:
        """The tenant's audit trail."""
        return PostgresAuditRepository(self._open)
