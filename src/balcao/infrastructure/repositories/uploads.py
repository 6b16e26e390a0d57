"""Announced uploads in PostgreSQL."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.ids import UploadId
from balcao.domain.upload import Upload
from balcao.infrastructure.database.tables import uploads

_FIELDS = ("id", "file_name", "size", "sha256", "expires_at")


class PostgresUploadRepository:
    """UploadRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, upload: Upload) -> None:
        """Insert a row."""
        await self._connection.execute(insert(uploads).values({name: getattr(upload, name) for name in _FIELDS}))

    async def find(self, upload_id: UploadId) -> Upload | None:
        """The row."""
        row = (await self._connection.execute(select(uploads).where(uploads.c.id == upload_id))).one_or_none()
        return Upload(**{name: getattr(row, name) for name in _FIELDS}) if row else None

    async def remove(self, upload_id: UploadId) -> None:
        """Delete the row."""
        await self._connection.execute(delete(uploads).where(uploads.c.id == upload_id))

    async def forget_before(self, instant: datetime) -> int:
        """Delete rows that expired before."""
        return (await self._connection.execute(delete(uploads).where(uploads.c.expires_at < instant))).rowcount
