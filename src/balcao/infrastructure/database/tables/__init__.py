"""The database's schema, and the only dictionary between its Portuguese names and Python's English ones.

``Column("titulo", Text, key="title")`` is ``titulo`` in SQL and ``documents.c.title`` in Python. Every constraint and
index is named and declared here, so that a migration can be compared with it and an error recognised by its name.
Roles, row-level security, functions and grants stand in the migrations: no Core object describes them. One file a room.
"""

from balcao.infrastructure.database.tables.alerts import alert_deliveries, alerts
from balcao.infrastructure.database.tables.audit import audit_entries, audit_heads
from balcao.infrastructure.database.tables.collection import (
    CURRENT_STATES,
    VECTOR_INDEX,
    chunk_terms,
    chunks,
    documents,
    embeddings,
    paid_vectors,
    terms,
)
from balcao.infrastructure.database.tables.columns import SCHEMA, HalfVec, Vec, metadata
from balcao.infrastructure.database.tables.consumption import (
    credits_,
    ingestion_ledger,
    ledger,
    quota_periods,
    reservations,
)
from balcao.infrastructure.database.tables.conversations import messages, sessions
from balcao.infrastructure.database.tables.identity import (
    api_keys,
    counters,
    idempotent_answers,
    invitations,
    login_sessions,
    prefeituras,
    usuarios,
)
from balcao.infrastructure.database.tables.retrieval import vocabulary
from balcao.infrastructure.database.tables.uploads import uploads
from balcao.infrastructure.database.tables.work import QUEUE_TABLE, UNFINISHED, jobs

__all__ = [
    "CURRENT_STATES",
    "QUEUE_TABLE",
    "SCHEMA",
    "UNFINISHED",
    "VECTOR_INDEX",
    "HalfVec",
    "Vec",
    "alert_deliveries",
    "alerts",
    "api_keys",
    "audit_entries",
    "audit_heads",
    "chunk_terms",
    "chunks",
    "counters",
    "credits_",
    "documents",
    "embeddings",
    "idempotent_answers",
    "ingestion_ledger",
    "invitations",
    "jobs",
    "ledger",
    "login_sessions",
    "messages",
    "metadata",
    "paid_vectors",
    "prefeituras",
    "quota_periods",
    "reservations",
    "sessions",
    "terms",
    "uploads",
    "usuarios",
    "vocabulary",
]
