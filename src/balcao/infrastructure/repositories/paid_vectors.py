"""Vectors already paid for, in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import Embedding
from balcao.infrastructure.database.tables import paid_vectors


class PostgresPaidVectorRepository:
    """PaidVectorRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, text_sha256s: Sequence[bytes], model: str) -> dict[bytes, Embedding]:
        """The kept vectors among these digests."""
        statement = select(paid_vectors.c.text_sha256, paid_vectors.c.embedding).where(
            paid_vectors.c.model == model, paid_vectors.c.text_sha256.in_(text_sha256s)
        )
        return {
            row.text_sha256: Embedding(vector=row.embedding, model=model)
            for row in await self._connection.execute(statement)
        }

    async def save(self, vectors: dict[bytes, Embedding]) -> None:
        """Insert these vectors; one that is there already stays."""
        rows = [
            {"text_sha256": digest, "model": embedding.model, "embedding": embedding.vector}
            for digest, embedding in vectors.items()
        ]
        if rows:
            await self._connection.execute(insert(paid_vectors).on_conflict_do_nothing(), rows)

    async def discard(self, text_sha256s: Sequence[bytes], model: str) -> None:
        """Delete these vectors."""
        statement = delete(paid_vectors).where(
            paid_vectors.c.model == model, paid_vectors.c.text_sha256.in_(text_sha256s)
        )
        await self._connection.execute(statement)
