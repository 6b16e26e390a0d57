"""What the use cases need from outside, besides storage. Each port has a fake in tests/fakes.py. One file a room."""

from balcao.application.ports.files import FileStorage, FileStream, StoredFile, TextExtractor
from balcao.application.ports.identity import (
    AccessClaims,
    IdentityProvider,
    PasswordHasher,
    ProvidedIdentity,
    TokenSigner,
)
from balcao.application.ports.language import (
    Completion,
    Embedder,
    EmbeddingBatch,
    LanguageModel,
    ModelCard,
    Ranking,
    Reranker,
    TokenCounter,
)
from balcao.application.ports.messages import AlertNotice, AlertSender, AuditBundle, AuditBundles, AuditHeadPublisher
from balcao.application.ports.surroundings import Clock, MunicipalityDirectory, Processes

__all__ = [
    "AccessClaims",
    "AlertNotice",
    "AlertSender",
    "AuditBundle",
    "AuditBundles",
    "AuditHeadPublisher",
    "Clock",
    "Completion",
    "Embedder",
    "EmbeddingBatch",
    "FileStorage",
    "FileStream",
    "IdentityProvider",
    "LanguageModel",
    "ModelCard",
    "MunicipalityDirectory",
    "PasswordHasher",
    "Processes",
    "ProvidedIdentity",
    "Ranking",
    "Reranker",
    "StoredFile",
    "TextExtractor",
    "TokenCounter",
    "TokenSigner",
]
