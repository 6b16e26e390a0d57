"""Embeddings in PostgreSQL (pgvector, half precision)."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import EMBEDDING_DIMENSIONS, DocumentChunk, DocumentState, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.search import SearchResult
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import HalfVec, Vec, chunks, documents, embeddings
from balcao.infrastructure.repositories.chunk_row import chunk_of

EXACT_FACTOR = 1_600
"""When a search compares every vector that its filter leaves, instead of walking the index: when their number squared
is at most so many times that of the whole collection.

Comparing costs about 1.2 microseconds a vector. The index costs about 2 milliseconds for 100 neighbours, and has to
walk past those filtered out: as many times that as the filter leaves one vector in. The two are equal there, at 9,000
of 50,000; and comparing misses no neighbour.
"""


@lru_cache(maxsize=64)
def _search(results: int, *, is_filtered: bool) -> DriverStatement:
    return DriverStatement(_nearest(results, is_filtered=is_filtered))


def _nearest(results: int, *, is_filtered: bool) -> Select[*tuple[object, ...]]:
    """Nearest chunks of ``:model`` to ``:vector`` among documents open to search, with what a SearchResult needs.

    Their number and the state are written into the text: a plan for a limit that is not known is taken for a dear one,
    and made again each time; and so is one that may not use the index of what is open (documento_colecao). The zero
    that is added has the distances sorted: the planner believes that the index gives them in order, which it does not
    quite (hnsw.iterative_scan = relaxed_order).
    """
    vector = bindparam("vector", type_=HalfVec(EMBEDDING_DIMENSIONS))
    n_results = literal_column(str(int(results)), Integer)
    distance = embeddings.c.embedding.cosine_distance(vector)
    is_open = documents.c.state == literal_column(f"'{DocumentState.DISPONIVEL}'", Text)
    of_model = select(embeddings.c.chunk_id, distance.label("distance")).where(embeddings.c.model == bindparam("model"))
    if is_filtered:
        matching = documents.c.metadata.contains(bindparam("metadata", type_=JSONB))
        allowed = select(documents.c.id, documents.c.chunk_count).where(is_open, matching).cte("permitidos")
        allowed = allowed.prefix_with("MATERIALIZED")
        left = select(cast(func.coalesce(func.sum(allowed.c.chunk_count), 0), Float)).scalar_subquery()
        everything = select(func.sum(documents.c.chunk_count)).where(is_open).scalar_subquery()
        judged = select((left * left <= EXACT_FACTOR * everything).label("sao")).cte("poucos")
        are_few = select(judged.prefix_with("MATERIALIZED").c.sao).scalar_subquery()
        is_allowed = embeddings.c.document_id.in_(select(allowed.c.id))
        exactly = _compared(of_model.where(is_allowed, are_few), n_results)
        ways = [exactly, *_by_index_and_beside(of_model.where(is_allowed, ~are_few), distance, n_results)]
    else:
        is_allowed = embeddings.c.document_id.in_(select(documents.c.id).where(is_open))
        ways = _by_index_and_beside(of_model.where(is_allowed), distance, n_results)
    found = union_all(*ways).subquery()
    nearest = select(found).order_by(found.c.distance + 0.0).limit(n_results).subquery("vizinhos")
    return (
        select(chunks, nearest.c.distance, documents.c.metadata.label("document_metadata"))
        .join(nearest, nearest.c.chunk_id == chunks.c.id)
        .join(documents, documents.c.id == chunks.c.document_id)
        .order_by(nearest.c.distance)
    )


def _by_index_and_beside(
    vectors: Select[*tuple[object, ...]], distance: ColumnElement[float], n_results: ColumnElement[int]
) -> list[Select[*tuple[object, ...]]]:
    """The nearest of those in the index; and of those not there yet, each of which is compared, if there are any."""
    waiting = embeddings.alias()
    are_any = select(waiting.c.chunk_id).where(~waiting.c.indexed, waiting.c.model == bindparam("model")).exists()
    return [
        vectors.where(embeddings.c.indexed).order_by(distance).limit(n_results),
        _compared(vectors.where(are_any, ~embeddings.c.indexed), n_results),
    ]


def _compared(vectors: Select[*tuple[object, ...]], n_results: ColumnElement[int]) -> Select[*tuple[object, ...]]:
    """The nearest by comparing each, once: the OFFSET bars the index, and a second computing for the order."""
    each = vectors.offset(literal_column("0")).subquery()
    return select(each).order_by(each.c.distance).limit(n_results)


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
            "metadata": json.dumps(metadata_filter),
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
