"""Document chunks in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import DocumentChunk, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.infrastructure.database.tables import chunks, documents
from balcao.infrastructure.repositories.chunk_row import CHUNK_COLUMNS, chunk_of
from balcao.infrastructure.repositories.copy import copy_rows
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository


class PostgresDocumentChunkRepository:
    """DocumentChunkRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save_chunk(self, chunk: DocumentChunk) -> DocumentChunk:
        """Insert one row."""
        statement = insert(chunks).values({key: getattr(chunk, key) for key in CHUNK_COLUMNS}).returning(*chunks.c)
        row = (await self._connection.execute(statement)).one()
        await self._count(chunk.document_id, 1)
        return chunk_of(row)

    async def save_chunks(self, new: Sequence[DocumentChunk]) -> int:
        """COPY rows of one document."""
        rows = ([getattr(chunk, key) for key in CHUNK_COLUMNS] for chunk in new)
        await copy_rows(self._connection, chunks, CHUNK_COLUMNS, rows)
        for document_id in {chunk.document_id for chunk in new}:
            await self._count(document_id, sum(chunk.document_id == document_id for chunk in new))
        return len(new)

    async def find_chunk_by_id(self, chunk_id: ChunkId) -> DocumentChunk | None:
        """One row."""
        row = (await self._connection.execute(select(chunks).where(chunks.c.id == chunk_id))).one_or_none()
        return chunk_of(row) if row else None

    async def find_chunks_by_document_id(self, document_id: DocumentId) -> list[DocumentChunk]:
        """A document's rows in reading order."""
        statement = select(chunks).where(chunks.c.document_id == document_id).order_by(chunks.c.chunk_index)
        return [chunk_of(row) for row in await self._connection.execute(statement)]

    async def delete_chunks_by_document_id(self, document_id: DocumentId) -> int:
        """Delete a document's rows; embeddings and terms go with them."""
        gone = (await self._connection.execute(delete(chunks).where(chunks.c.document_id == document_id))).rowcount
        reset = update(documents).where(documents.c.id == document_id).values(chunk_count=0, term_count=0)
        await self._connection.execute(reset)
        return gone

    async def update_chunk_embedding(self, chunk_id: ChunkId, embedding: Embedding) -> bool:
        """Set the chunk's vector for the embedding's model."""
        return await PostgresVectorRepository(self._connection).update_chunk_embedding(chunk_id, embedding)

    async def _count(self, document_id: DocumentId, added: int) -> None:
        statement = update(documents).where(documents.c.id == document_id)
        await self._connection.execute(statement.values(chunk_count=documents.c.chunk_count + added))
