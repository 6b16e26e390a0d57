"""The audit trail: for each prefeitura a chain of entries, each of which holds the hash of the one before it.

Whoever changes, removes or inserts an entry breaks the chain there, unless he computes every later entry anew; then
the last hash, the chain's head, is another than the one that was published. This is Schneier and Kelsey's hash chain
("Secure Audit Logs to Support Computer Forensics", 1999) without their forward-secure keys: the published head takes
their place.

An entry names people, conversations and documents by their ids alone. Of what was said it holds a salted digest: the
salt stands beside the message and is erased with it, and then nobody can tell, nor guess, what the digest was of.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from balcao.domain.canonical_json import Json, canonical_json
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.search import Passage

INSTALLATION_CHAIN = PrefeituraId(UUID(int=0))
"""The chain of what is no prefeitura's: the global documents."""
GENESIS = bytes(32)
"""What stands for the hash before the first entry."""

_ENTRY_DOMAIN = "balcao-auditoria-v1"
_TEXT_DOMAIN = b"balcao-texto-v1\n"


class AuditKind(StrEnum):
    """What happened."""

    QUESTION = "pergunta"
    ANSWER = "resposta"
    CONVERSATION_ERASED = "conversa_apagada"
    PREFEITURA_CREATED = "prefeitura_criada"
    PREFEITURA_CHANGED = "prefeitura_alterada"
    USUARIO_CREATED = "usuario_criado"
    USUARIO_INVITED = "usuario_convidado"
    USUARIO_DISABLED = "usuario_desativado"
    USUARIO_ENABLED = "usuario_reativado"
    ROLE_CHANGED = "papel_alterado"
    INVITATION_ACCEPTED = "convite_aceito"
    PASSWORD_CHANGED = "senha_alterada"  # noqa: S105 - the name of an act, no password
    KEY_CREATED = "chave_criada"
    KEY_REVOKED = "chave_revogada"
    QUOTA_CHANGED = "quota_alterada"
    CREDIT_ADDED = "credito_concedido"
    DOCUMENT_SENT = "documento_enviado"
    DOCUMENT_CONFIRMED = "documento_confirmado"
    DOCUMENT_CANCELLED = "documento_cancelado"
    DOCUMENT_RETRIED = "documento_retomado"
    DOCUMENT_PUBLISHED = "documento_publicado"
    DOCUMENT_CHANGED = "documento_alterado"
    DOCUMENT_REMOVED = "documento_removido"


class ActorKind(StrEnum):
    """Who acted."""

    PERSON = "pessoa"
    KEY = "chave"
    VISITOR = "visitante"
    INSTALLATION = "instalacao"
    SYSTEM = "sistema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted: a person or a key by id; a visitor, a command of the installation, Balcão itself without one."""

    kind: ActorKind
    id: UUID | None = None

    @classmethod
    def of(cls, principal: Principal | None) -> "Actor":
        """For whom a request speaks."""
        if principal is None or principal.is_anonymous:
            return cls(kind=ActorKind.VISITOR)
        if principal.usuario_id is not None:
            return cls(kind=ActorKind.PERSON, id=principal.usuario_id)
        if principal.api_key_id is not None:
            return cls(kind=ActorKind.KEY, id=principal.api_key_id)
        return cls(kind=ActorKind.INSTALLATION)

    @classmethod
    def behind(cls, principal: Principal | None) -> "Actor":
        """Who is behind an act on a document: the request's principal, else a command of the installation."""
        return cls.of(principal) if principal else cls(kind=ActorKind.INSTALLATION)


SYSTEM = Actor(kind=ActorKind.SYSTEM)
INSTALLATION = Actor(kind=ActorKind.INSTALLATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """What is to be recorded; ``subject`` is the id of what it was done to."""

    chain_id: PrefeituraId
    at: datetime
    kind: AuditKind
    actor: Actor
    subject: UUID | None = None
    details: Mapping[str, Json] = field(default_factory=dict)

    def text(self) -> str:
        """The record as it is kept and hashed, in canonical JSON."""
        return canonical_json(
            {
                "acao": self.kind,
                "ator": {"tipo": self.actor.kind, "id": str(self.actor.id) if self.actor.id else None},
                "sobre": str(self.subject) if self.subject else None,
                "instante": instant_text(self.at),
                "detalhes": self.details,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A link of a chain. ``record`` is the text of an AuditRecord; ``number`` counts from 1 without gaps."""

    chain_id: PrefeituraId
    number: int
    record: str
    previous_hash: bytes
    hash: bytes

    def computed_hash(self) -> bytes:
        """What the hash has to be: SHA-256 over the purpose, the chain, the number, the previous hash and the record.

        Five lines, of which only the last is of free length, and canonical JSON has no line break: no two entries are
        written alike.
        """
        lines = (_ENTRY_DOMAIN, str(self.chain_id), str(self.number), self.previous_hash.hex(), self.record)
        return hashlib.sha256("\n".join(lines).encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The last entry's number and hash: who knows them knows whether anything before was changed."""

    chain_id: PrefeituraId
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted: of these acts, from one instant on, before another; None for all."""

    kind: AuditKind | None = None
    since: datetime | None = None
    until: datetime | None = None


def sources_json(used: Sequence[Passage]) -> list[Json]:
    """The passages that an answer was written from, in the order of its citations, with the digests of their texts."""
    return [
        {
            "documento": str(passage.document_id),
            "trecho": str(passage.chunk_id),
            "hash_texto": hashlib.sha256(passage.content.encode()).hexdigest(),
        }
        for passage in used
    ]


def salted_digest(text: str, salt: bytes) -> str:
    """What a record holds of a message, in hexadecimal: SHA-256 over the purpose, the 32 bytes of salt and the text."""
    return hashlib.sha256(_TEXT_DOMAIN + salt + text.encode()).hexdigest()


def instant_text(instant: datetime) -> str:
    """The instant in UTC with microseconds (RFC 3339), all of one length, so that texts sort as instants do."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
