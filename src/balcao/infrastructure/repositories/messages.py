"""Messages in PostgreSQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.chat import DocumentReference, Message, MessageRole, MessageType, TokenUsage
from balcao.domain.ids import ChunkId, DocumentId, MessageId, SessionId
from balcao.infrastructure.database.tables import messages, sessions


class PostgresMessageRepository:
    """MessageRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save_message(self, message: Message) -> Message:
        """Insert the row, in the order of the conversation, whose last use is now.

        The conversation's row stays locked, so that it is erased before, and the message with it, or after.
        """
        not_erased = update(sessions).where(sessions.c.id == message.session_id, sessions.c.erased_at.is_(None))
        if not (await self._connection.execute(not_erased.values(updated_at=func.now()))).rowcount:
            message = message.erased()
        statement = (
            insert(messages)
            .values(
                id=message.id,
                prefeitura_id=message.prefeitura_id,
                session_id=message.session_id,
                role=message.role,
                content=message.content,
                message_type=message.message_type,
                document_references=[_reference_json(reference) for reference in message.document_references],
                total_tokens=message.usage.total_tokens,
                prompt_tokens=message.usage.prompt_tokens,
                metadata=message.metadata | ({"tokens_estimados": True} if message.usage.estimated else {}),
                salt=message.salt,
            )
            .returning(*messages.c)
        )
        return _message((await self._connection.execute(statement)).one())

    async def find_message_by_id(self, message_id: MessageId) -> Message | None:
        """One row."""
        row = (await self._connection.execute(select(messages).where(messages.c.id == message_id))).one_or_none()
        return _message(row) if row else None

    async def find_messages_by_session_id(
        self, session_id: SessionId, limit: int = 100, offset: int = 0
    ) -> list[Message]:
        """A session's rows in order."""
        statement = select(messages).where(messages.c.session_id == session_id).order_by(messages.c.position)
        return [_message(row) for row in await self._connection.execute(statement.limit(limit).offset(offset))]

    async def find_last_messages(self, session_id: SessionId, limit: int) -> list[Message]:
        """A session's last rows, in order."""
        statement = select(messages).where(messages.c.session_id == session_id).order_by(messages.c.position.desc())
        return [_message(row) for row in await self._connection.execute(statement.limit(limit))][::-1]

    async def delete_messages_by_session_id(self, session_id: SessionId) -> int:
        """Null the content, the references and the salt of a session's rows."""
        statement = update(messages).where(messages.c.session_id == session_id, messages.c.content.is_not(None))
        erased = statement.values(content=None, document_references=[], metadata={}, salt=None)
        return (await self._connection.execute(erased)).rowcount

    async def count_messages_by_session_id(self, session_id: SessionId) -> int:
        """How many rows the session has."""
        statement = select(func.count()).select_from(messages).where(messages.c.session_id == session_id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def add_tokens(self, message_id: MessageId, usage: TokenUsage) -> None:
        """Add to the row's counters in one UPDATE."""
        statement = update(messages).where(messages.c.id == message_id)
        added = statement.values(
            total_tokens=messages.c.total_tokens + usage.total_tokens,
            prompt_tokens=messages.c.prompt_tokens + usage.prompt_tokens,
        )
        await self._connection.execute(added)

    async def count_questions_since(self, session_id: SessionId, since: datetime) -> int:
        """How many of the session's questions are at least as young as ``since``."""
        statement = (
            select(func.count())
            .select_from(messages)
            .where(
                messages.c.session_id == session_id,
                messages.c.role == MessageRole.USER,
                messages.c.created_at >= since,
            )
        )
        return int((await self._connection.execute(statement)).scalar_one())


def _reference_json(reference: DocumentReference) -> dict[str, object]:
    return {
        "document_id": str(reference.document_id),
        "chunk_id": str(reference.chunk_id),
        "source": reference.source,
        "page": reference.page,
        "similarity_score": reference.similarity_score,
        "excerpt": reference.excerpt,
    }


def _message(row: Row[*tuple[object, ...]]) -> Message:
    return Message(
        id=row.id,
        prefeitura_id=row.prefeitura_id,
        session_id=row.session_id,
        role=MessageRole(row.role),
        content=row.content,
        message_type=MessageType(row.message_type),
        document_references=tuple(
            DocumentReference(
                document_id=DocumentId(UUID(item["document_id"])),
                chunk_id=ChunkId(UUID(item["chunk_id"])),
                source=item["source"],
                page=item["page"],
                similarity_score=item["similarity_score"],
                excerpt=item["excerpt"],
            )
            for item in row.document_references
        ),
        usage=TokenUsage(
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.total_tokens - row.prompt_tokens,
            estimated=bool(row.metadata.get("tokens_estimados")),
        ),
        metadata=row.metadata,
        salt=row.salt,
        created_at=row.created_at,
    )
