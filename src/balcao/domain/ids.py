"""Identifiers: one type for each, so that a chunk's id is never passed where a document's is meant."""

from typing import NewType
from uuid import UUID

PrefeituraId = NewType("PrefeituraId", UUID)
UsuarioId = NewType("UsuarioId", UUID)
DocumentId = NewType("DocumentId", UUID)
ChunkId = NewType("ChunkId", UUID)
SessionId = NewType("SessionId", UUID)
MessageId = NewType("MessageId", UUID)
LoginSessionId = NewType("LoginSessionId", UUID)
InvitationId = NewType("InvitationId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
JobId = NewType("JobId", UUID)
UploadId = NewType("UploadId", UUID)
ReservationId = NewType("ReservationId", UUID)
CreditId = NewType("CreditId", UUID)
AlertId = NewType("AlertId", UUID)
