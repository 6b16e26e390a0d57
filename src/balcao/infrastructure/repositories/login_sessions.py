"""Logins in PostgreSQL."""

from datetime import datetime

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.identity import LoginSession
from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId
from balcao.infrastructure.database.tables import login_sessions

_COLUMNS = ("id", "prefeitura_id", "usuario_id", "token_sha256", "previous_sha256", "expires_at", "revoked_at")
_OWNER = text("SELECT prefeitura_id, id FROM login_por_token(:token)")


class PostgresLoginSessionRepository:
    """LoginSessionRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, session: LoginSession) -> None:
        """Insert the row."""
        await self._connection.execute(
            insert(login_sessions).values({name: getattr(session, name) for name in _COLUMNS})
        )

    async def owner_of_token(self, token_sha256: bytes) -> tuple[PrefeituraId, LoginSessionId] | None:
        """Through the database's narrow door, which shows two ids."""
        row = (await self._connection.execute(_OWNER, {"token": token_sha256})).one_or_none()
        return (row.prefeitura_id, row.id) if row and row.id else None

    async def find(self, session_id: LoginSessionId) -> LoginSession | None:
        """One row."""
        statement = select(login_sessions).where(login_sessions.c.id == session_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return _session(row) if row else None

    async def rotate(self, session_id: LoginSessionId, *, old_sha256: bytes, new_sha256: bytes, now: datetime) -> bool:
        """One UPDATE with its condition: of two clients with the same token, one wins."""
        statement = update(login_sessions).where(
            login_sessions.c.id == session_id,
            login_sessions.c.token_sha256 == old_sha256,
            login_sessions.c.revoked_at.is_(None),
            login_sessions.c.expires_at > now,
        )
        rotated = statement.values(token_sha256=new_sha256, previous_sha256=old_sha256)
        return bool((await self._connection.execute(rotated)).rowcount)

    async def revoke(self, session_id: LoginSessionId, now: datetime) -> None:
        """Mark one row."""
        statement = update(login_sessions).where(login_sessions.c.id == session_id)
        revoked = func.coalesce(login_sessions.c.revoked_at, now)
        await self._connection.execute(statement.values(revoked_at=revoked))

    async def revoke_all(self, usuario_id: UsuarioId, now: datetime) -> int:
        """Mark a person's live rows."""
        statement = update(login_sessions).where(
            login_sessions.c.usuario_id == usuario_id, login_sessions.c.revoked_at.is_(None)
        )
        return (await self._connection.execute(statement.values(revoked_at=now))).rowcount


def _session(row: Row[*tuple[object, ...]]) -> LoginSession:
    return LoginSession(**{name: getattr(row, name) for name in _COLUMNS})
