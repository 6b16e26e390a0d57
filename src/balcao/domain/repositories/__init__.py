"""Every storage port. Names and signatures are v2.0's, grown; a caller of the old methods keeps working.

All methods are asynchronous and run on the connection of the unit of work that holds the repository: nothing is
permanent until that unit of work commits. One file a room.
"""

from balcao.domain.repositories.audit import AuditRepository
from balcao.domain.repositories.collection import (
    DocumentChunkRepository,
    DocumentRepository,
    IngestionJobRepository,
    UploadRepository,
)
from balcao.domain.repositories.consumption import (
    AlertRepository,
    ConsumptionReportRepository,
    LedgerRepository,
    QuotaRepository,
    ReservationRepository,
)
from balcao.domain.repositories.conversations import MessageRepository, SessionRepository
from balcao.domain.repositories.identity import (
    ApiKeyRepository,
    CounterRepository,
    IdempotencyRepository,
    InvitationRepository,
    LoginSessionRepository,
    PrefeituraRepository,
    UsuarioRepository,
)
from balcao.domain.repositories.retrieval import PaidVectorRepository, PassageRepository, VectorRepository

__all__ = [
    "AlertRepository",
    "ApiKeyRepository",
    "AuditRepository",
    "ConsumptionReportRepository",
    "CounterRepository",
    "DocumentChunkRepository",
    "DocumentRepository",
    "IdempotencyRepository",
    "IngestionJobRepository",
    "InvitationRepository",
    "LedgerRepository",
    "LoginSessionRepository",
    "MessageRepository",
    "PaidVectorRepository",
    "PassageRepository",
    "PrefeituraRepository",
    "QuotaRepository",
    "ReservationRepository",
    "SessionRepository",
    "UploadRepository",
    "UsuarioRepository",
    "VectorRepository",
]
