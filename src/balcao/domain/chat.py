"""A conversation: its messages and the passages that its answers refer to."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from balcao.domain.ids import ChunkId, DocumentId, MessageId, PrefeituraId, SessionId, UsuarioId


class MessageRole(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class MessageType(StrEnum):
    """What a message holds."""

    TEXT = "text"
    SEARCH_RESULT = "search_result"
    ERROR = "error"


class AnswerMode(StrEnum):
    """How a question was served: by an answer, or by the passages alone where the quota does not do for one."""

    ANSWER = "resposta"
    SEARCH = "busca"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of one call, as the provider counted them; ``estimated`` when they are our own count instead."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReference:
    """A citation: the passage, where it stands, and the words that matter.

    ``similarity_score`` is in 0..1; ``page`` counts from 1 and is None where the format has no pages.
    """

    document_id: DocumentId
    chunk_id: ChunkId
    source: str
    page: int | None = None
    similarity_score: float | None = None
    excerpt: str | None = None


def _new_salt() -> bytes:
    return secrets.token_bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation; ``content`` is None once it was erased (its tokens stay counted).

    ``salt`` goes into the digest that the audit trail keeps of the content; it is erased with it, and None where a
    message is older than the trail.
    """

    id: MessageId
    prefeitura_id: PrefeituraId
    session_id: SessionId
    role: MessageRole
    content: str | None
    message_type: MessageType = MessageType.TEXT
    document_references: tuple[DocumentReference, ...] = ()
    usage: TokenUsage = TokenUsage(prompt_tokens=0, completion_tokens=0)
    metadata: dict[str, object] = field(default_factory=dict)
    salt: bytes | None = field(default_factory=_new_salt, repr=False)
    created_at: datetime | None = None

    def erased(self) -> "Message":
        """What stays of it when its conversation is erased: that it was written, and its tokens."""
        return replace(self, content=None, document_references=(), metadata={}, salt=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSession:
    """A conversation. Anonymous ones have no ``usuario_id``, but always a prefeitura."""

    id: SessionId
    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId | None = None
    messages: tuple[Message, ...] = ()
    is_active: bool = True
    metadata: dict[str, object] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
