"""Embeddings in PostgreSQL (pgvector, half precision)."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Text, bindparam, cast, column, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentChunk, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.search import SearchResult
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import HalfVec, Vec, chunks, embeddings
from balcao.infrastructure.repositories.chunk_row import chunk_of
from balcao.infrastructure.repositories.vector_statements import nearest_chunks


@lru_cache(maxsize=64)
def _search(results: int, *, is_filtered: bool) -> DriverStatement:
    return DriverStatement(nearest_chunks(results, is_filtered=is_filtered))


_ROWS_IN_A_STATEMENT = 256  # 1.6 MB of vectors, which the server keeps in memory (work_mem) until they are inserted


def _add_several() -> Insert:
    """Faster than COPY, which takes half precision alone: half the time, nearly all of it Python's (vector_codecs)."""
    sent = (
        func.unnest(
            bindparam("chunk_ids", type_=ARRAY(UUID(as_uuid=True))),
            bindparam("models", type_=ARRAY(Text)),
            bindparam("document_ids", type_=ARRAY(UUID(as_uuid=True))),
            bindparam("vectors", type_=ARRAY(Vec(), dimensions=1)),
        )
        .table_valued("chunk_id", "model", "document_id", column("vector", Vec()))
        .render_derived()
    )
    vector = cast(sent.c.vector, HalfVec(EMBEDDING_DIMENSIONS))
    rows = select(sent.c.chunk_id, sent.c.model, sent.c.document_id, vector)
    return insert(embeddings).from_select(["chunk_id", "model", "document_id", "embedding"], rows)


_ADD_SEVERAL = _add_several()
_UNINDEXED = select(embeddings.c.chunk_id, embeddings.c.model).where(~embeddings.c.indexed)


class PostgresVectorRepository:
    """VectorRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_chunk_embedding(
        self, chunk_id: ChunkId, embedding: Embedding, metadata: dict[str, object] | None = None
    ) -> bool:
        """Insert or replace one vector; False when there is no such chunk."""
        vector = literal(embedding.vector, HalfVec(EMBEDDING_DIMENSIONS))
        source = select(chunks.c.id, literal(embedding.model), chunks.c.document_id, vector)
        new = insert(embeddings).from_select(
            ["chunk_id", "model", "document_id", "embedding"], source.where(chunks.c.id == chunk_id)
        )
        statement = new.on_conflict_do_update(
            constraint="documento_embedding_pk", set_={embeddings.c.embedding: new.excluded.embedding}
        )
        return bool((await self._connection.execute(statement)).rowcount)

    async def add_chunk_embeddings(self, new: Sequence[DocumentChunk]) -> int:
        """Insert the vectors that these chunks carry, many in a statement."""
        rows = [(chunk.id, chunk.document_id, chunk.embedding) for chunk in new if chunk.embedding]
        for first in range(0, len(rows), _ROWS_IN_A_STATEMENT):
            chunk_ids, document_ids, carried = zip(*rows[first : first + _ROWS_IN_A_STATEMENT], strict=True)
            parameters = {
                "chunk_ids": chunk_ids,
                "document_ids": document_ids,
                "models": [embedding.model for embedding in carried],
                "vectors": [memoryview(embedding.vector) for embedding in carried],
            }
            await self._connection.execute(_ADD_SEVERAL, parameters)
        return len(rows)

    async def count_unindexed(self, *, limit: int) -> int:
        """Over their own index."""
        statement = select(func.count()).select_from(_UNINDEXED.limit(limit).subquery())
        return int((await self._connection.execute(statement)).scalar_one())

    async def index_some(self, limit: int) -> int:
        """Mark them: the index holds what is marked."""
        some = _UNINDEXED.limit(limit).with_for_update(skip_locked=True)
        statement = update(embeddings).where(tuple_(embeddings.c.chunk_id, embeddings.c.model).in_(some))
        return (await self._connection.execute(statement.values(indexed=True))).rowcount

    async def search_similar_chunks(
        self,
        query_embedding: Embedding,
        n_results: int = 5,
        similarity_threshold: float = 0.0,
        metadata_filter: dict[str, object] | None = None,
    ) -> list[SearchResult]:
        """Nearest chunks of the query's own model among documents open to search."""
        parameters = {
            "vector": query_embedding.vector,
            "model": query_embedding.model,
            "metadata": json.dumps(metadata_filter) if metadata_filter else None,
        }
        statement = _search(n_results, is_filtered=bool(metadata_filter))
        found = [
            SearchResult(
                chunk=chunk_of(row),
                similarity_score=similarity(row["distance"]),
                distance=row["distance"],
                metadata=row["document_metadata"],
            )
            for row in await statement.rows(self._connection, parameters)
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
        return Embedding(vector=row.embedding, model=row.model) if row else None

    async def count_embeddings(self) -> int:
        """How many vectors there are."""
        statement = select(func.count()).select_from(embeddings)
        return int((await self._connection.execute(statement)).scalar_one())

    async def embedding_exists(self, chunk_id: ChunkId) -> bool:
        """Whether the chunk has a vector."""
        found = select(embeddings.c.chunk_id).where(embeddings.c.chunk_id == chunk_id).exists()
        return bool((await self._connection.execute(select(found))).scalar_one())


def similarity(distance: float) -> float:
    """Cosine similarity clamped to 0..1, from a cosine distance in 0..2."""
    return min(1.0, max(0.0, 1.0 - distance))
