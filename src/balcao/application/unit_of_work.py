"""The unit of work: one transaction, with every repository on its connection."""

from types import TracebackType
from typing import Protocol, Self

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.repositories import (
    AlertRepository,
    ApiKeyRepository,
    AuditRepository,
    ConsumptionReportRepository,
    CounterRepository,
    DocumentChunkRepository,
    DocumentRepository,
    IdempotencyRepository,
    IngestionJobRepository,
    InvitationRepository,
    LedgerRepository,
    LoginSessionRepository,
    MessageRepository,
    PaidVectorRepository,
    PassageRepository,
    PrefeituraRepository,
    QuotaRepository,
    ReservationRepository,
    SessionRepository,
    UploadRepository,
    UsuarioRepository,
    VectorRepository,
)


class UnitOfWork(Protocol):
    """``async with factory() as work:`` a clean exit commits, anything else rolls back.

    It is never open across a network call to anything but the database.
    """

    @property
    def documents(self) -> DocumentRepository:
        """The global collection of documents."""
        ...

    @property
    def chunks(self) -> DocumentChunkRepository:
        """The passages of documents."""
        ...

    @property
    def vectors(self) -> VectorRepository:
        """Embeddings."""
        ...

    @property
    def passages(self) -> PassageRepository:
        """Hybrid search."""
        ...

    @property
    def paid_vectors(self) -> PaidVectorRepository:
        """Vectors already paid for."""
        ...

    @property
    def uploads(self) -> UploadRepository:
        """Announced uploads."""
        ...

    @property
    def jobs(self) -> IngestionJobRepository:
        """The work of taking documents in."""
        ...

    @property
    def prefeituras(self) -> PrefeituraRepository:
        """The tenants."""
        ...

    @property
    def usuarios(self) -> UsuarioRepository:
        """The tenant's people."""
        ...

    @property
    def sessions(self) -> SessionRepository:
        """The tenant's conversations."""
        ...

    @property
    def messages(self) -> MessageRepository:
        """The tenant's messages."""
        ...

    @property
    def login_sessions(self) -> LoginSessionRepository:
        """The tenant's logins."""
        ...

    @property
    def invitations(self) -> InvitationRepository:
        """The tenant's invitations."""
        ...

    @property
    def api_keys(self) -> ApiKeyRepository:
        """The tenant's API keys."""
        ...

    @property
    def counters(self) -> CounterRepository:
        """Bounded counts of no tenant."""
        ...

    @property
    def idempotency(self) -> IdempotencyRepository:
        """The tenant's answers by Idempotency-Key."""
        ...

    @property
    def quotas(self) -> QuotaRepository:
        """The tenant's periods and credits."""
        ...

    @property
    def reservations(self) -> ReservationRepository:
        """The tenant's reserved tokens."""
        ...

    @property
    def ledger(self) -> LedgerRepository:
        """The tenant's charges."""
        ...

    @property
    def alerts(self) -> AlertRepository:
        """The tenant's alerts."""
        ...

    @property
    def consumption(self) -> ConsumptionReportRepository:
        """Sums over the tenant's ledger."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """The tenant's audit trail."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class TenantUnitOfWork(Protocol):
    """Opens a unit of work that sees one prefeitura's rows, or no tenant's rows at all.

    Of conversations it sees those of ``usuario_id`` alone; without one, the anonymous ones.
    """

    def __call__(self, prefeitura_id: PrefeituraId | None = None, usuario_id: UsuarioId | None = None) -> UnitOfWork:
        """A unit of work to enter with ``async with``."""
        ...


class CollectionReader(Protocol):
    """``async with factory() as reader:`` what is committed of the collection, outside any transaction."""

    @property
    def documents(self) -> DocumentRepository:
        """The global collection of documents."""
        ...

    @property
    def vectors(self) -> VectorRepository:
        """Embeddings."""
        ...

    @property
    def passages(self) -> PassageRepository:
        """Hybrid search."""
        ...

    @property
    def prefeituras(self) -> PrefeituraRepository:
        """The tenants, of whom only the ids behind the narrow doors are seen."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class AutonomousReader(CollectionReader, Protocol):
    """Each statement is a transaction of its own: it may see as one prefeitura, and what it counts stays counted."""

    @property
    def counters(self) -> CounterRepository:
        """Bounded counts of no tenant."""
        ...

    async def prefeitura(self, prefeitura_id: PrefeituraId | None) -> Prefeitura | None:
        """The row of one prefeitura as that one sees it, in one statement; without an id, of the public one."""
        ...


class ReadCollection(Protocol):
    """Opens a reader of the collection."""

    def __call__(self) -> AutonomousReader:
        """A reader to enter with ``async with``."""
        ...


class InstallationUnitOfWork(Protocol):
    """Opens a unit of work of the installation itself: ingestion, or the operator across prefeituras."""

    def __call__(self) -> UnitOfWork:
        """A unit of work to enter with ``async with``."""
        ...
