"""Conversations in PostgreSQL."""

from datetime import datetime

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.chat import ChatSession
from balcao.domain.ids import SessionId, UsuarioId
from balcao.infrastructure.database.tables import sessions
from balcao.infrastructure.repositories.messages import PostgresMessageRepository

_NOT_ERASED = sessions.c.erased_at.is_(None)


class PostgresSessionRepository:
    """SessionRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save_session(self, session: ChatSession) -> ChatSession:
        """Insert or update the row."""
        statement = (
            insert(sessions)
            .values(
                id=session.id,
                prefeitura_id=session.prefeitura_id,
                usuario_id=session.usuario_id,
                is_active=session.is_active,
                metadata=session.metadata,
            )
            .on_conflict_do_update(
                constraint="chat_session_pk",
                set_={
                    sessions.c.is_active: session.is_active,
                    sessions.c.metadata: session.metadata,
                    sessions.c.updated_at: func.now(),
                },
            )
            .returning(*sessions.c)
        )
        return _session((await self._connection.execute(statement)).one())

    async def find_session_by_id(self, session_id: SessionId) -> ChatSession | None:
        """The row, unless erased."""
        statement = select(sessions).where(sessions.c.id == session_id, _NOT_ERASED)
        row = (await self._connection.execute(statement)).one_or_none()
        return _session(row) if row else None

    async def find_active_sessions(self, limit: int = 100) -> list[ChatSession]:
        """Active rows, most recently updated first."""
        statement = (
            select(sessions)
            .where(sessions.c.is_active, _NOT_ERASED)
            .order_by(sessions.c.updated_at.desc(), sessions.c.id)
            .limit(limit)
        )
        return [_session(row) for row in await self._connection.execute(statement)]

    async def delete_session(self, session_id: SessionId) -> bool:
        """Mark the row, which waits for a message that is being saved, and only then erase what was said."""
        statement = update(sessions).where(sessions.c.id == session_id, _NOT_ERASED)
        erased = statement.values(title=None, is_active=False, metadata={}, erased_at=func.now(), updated_at=func.now())
        if not (await self._connection.execute(erased)).rowcount:
            return False
        await PostgresMessageRepository(self._connection).delete_messages_by_session_id(session_id)
        return True

    async def deactivate_session(self, session_id: SessionId) -> bool:
        """Mark an active row as closed."""
        statement = update(sessions).where(sessions.c.id == session_id, sessions.c.is_active, _NOT_ERASED)
        closed = statement.values(is_active=False, updated_at=func.now())
        return bool((await self._connection.execute(closed)).rowcount)

    async def find_sessions_of(self, usuario_id: UsuarioId, limit: int, before: datetime | None) -> list[ChatSession]:
        """A person's rows, most recently updated first."""
        statement = select(sessions).where(sessions.c.usuario_id == usuario_id, _NOT_ERASED)
        if before is not None:
            statement = statement.where(sessions.c.updated_at < before)
        rows = await self._connection.execute(statement.order_by(sessions.c.updated_at.desc()).limit(limit))
        return [_session(row) for row in rows]

    async def session_exists(self, session_id: SessionId) -> bool:
        """Whether there is such a row, not erased."""
        found = select(sessions.c.id).where(sessions.c.id == session_id, _NOT_ERASED).exists()
        return bool((await self._connection.execute(select(found))).scalar_one())


def _session(row: Row[*tuple[object, ...]]) -> ChatSession:
    return ChatSession(
        id=row.id,
        prefeitura_id=row.prefeitura_id,
        usuario_id=row.usuario_id,
        is_active=row.is_active,
        metadata=row.metadata,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
