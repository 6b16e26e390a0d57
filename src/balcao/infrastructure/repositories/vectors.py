"""Embeddings in PostgreSQL (pgvector, half precision)."""

from collections.abc import Sequence

from pgvector import HalfVector
from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentChunk, DocumentState, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.search import SearchResult
from balcao.infrastructure.database.tables import HalfVec, chunks, documents, embeddings
from balcao.infrastructure.repositories.chunk_row import chunk_of
from balcao.infrastructure.repositories.copy import copy_rows


class PostgresVectorRepository:
    """VectorRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert or replace one vector; False when there is no such chunk."""
        vector = literal(half_vector(embedding), HalfVec(EMBEDDING_DIMENSIONS))
        source = select(chunks.c.id, literal(embedding.model), chunks.c.document_id, vector)
        new = insert(embeddings).from_select(
            ["chunk_id", "model", "document_id", "embedding"], source.where(chunks.c.id == chunk_id)
        )
        statement = new.on_conflict_do_update(
            constraint="documento_embedding_pk", set_={embeddings.c.embedding: new.excluded.embedding}
        )
        return bool((await self._connection.execute(statement)).rowcount)

    async def add_chunk_embeddings(self, new: Sequence[DocumentChunk]) -> int:
        """COPY the vectors that these chunks carry."""
        rows = [
            (chunk.id, chunk.embedding.model, chunk.document_id, half_vector(chunk.embedding))
            for chunk in new
            if chunk.embedding
        ]
        await copy_rows(self._connection, embeddings, ("chunk_id", "model", "document_id", "embedding"), rows)
        return len(rows)

    async def search_similar_chunks(
        self,
        query_embedding: Embedding,
        n_results: int = 5,
        similarity_threshold: float = 0.0,
        metadata_filter: dict[str, object] | None = None,
    ) -> list[SearchResult]:
        """Nearest chunks of the query's own model among documents open to search."""
        distance = embeddings.c.embedding.cosine_distance(half_vector(query_embedding))
        statement = (
            select(chunks, distance.label("distance"), documents.c.metadata.label("document_metadata"))
            .join(embeddings, embeddings.c.chunk_id == chunks.c.id)
            .join(documents, documents.c.id == embeddings.c.document_id)
            .where(embeddings.c.model == query_embedding.model, documents.c.state == DocumentState.DISPONIVEL)
            .order_by(distance)
            .limit(n_results)
        )
        if metadata_filter:
            statement = statement.where(documents.c.metadata.contains(metadata_filter))
        found = [
            SearchResult(
                chunk=chunk_of(row),
                similarity_score=similarity(row.distance),
                distance=row.distance,
                metadata=row.document_metadata,
            )
            for row in await self._connection.execute(statement)
        ]
        return [result for result in found if result.similarity_score >= similarity_threshold]

    async def delete_chunk_embedding(self, chunk_id: ChunkId) -> bool:
        """Delete a chunk's vectors of every model."""
        statement = delete(embeddings).where(embeddings.c.chunk_id == chunk_id)
        return bool((await self._connection.execute(statement)).rowcount)

    async def delete_document_embeddings(self, document_id: DocumentId) -> int:
        """Delete the vectors of a document's chunks."""
        statement = delete(embeddings).where(embeddings.c.document_id == document_id)
        return (await self._connection.execute(statement)).rowcount

    async def update_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert or replace the vector of the embedding's model."""
        return await self.add_chunk_embedding(chunk_id, embedding, metadata)

    async def get_embedding_by_chunk_id(self, chunk_id: ChunkId) -> Embedding | None:
        """The newest vector of a chunk."""
        statement = (
            select(embeddings.c.model, embeddings.c.embedding)
            .where(embeddings.c.chunk_id == chunk_id)
            .order_by(embeddings.c.created_at.desc(), embeddings.c.model)
            .limit(1)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        return Embedding(vector=tuple(row.embedding.to_list()), model=row.model) if row else None

    async def count_embeddings(self) -> int:
        """How many vectors there are."""
        statement = select(func.count()).select_from(embeddings)
        return int((await self._connection.execute(statement)).scalar_one())

    async def embedding_exists(self, chunk_id: ChunkId) -> bool:
        """Whether the chunk has a vector."""
        found = select(embeddings.c.chunk_id).where(embeddings.c.chunk_id == chunk_id).exists()
        return bool((await self._connection.execute(select(found))).scalar_one())


def half_vector(embedding: Embedding) -> HalfVector:
    """The embedding at the precision it is stored with."""
    return HalfVector(list(embedding.vector))


def similarity(distance: float) -> float:
    """Cosine similarity clamped to 0..1, from a cosine distance in 0..2."""
    return min(1.0, max(0.0, 1.0 - distance))
