"""Document chunks in PostgreSQL."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import FromClause, Integer, Select, Update, bindparam, case, delete, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.document import DocumentChunk, Embedding
from balcao.domain.ids import ChunkId, DocumentId
from balcao.infrastructure.database.tables import chunk_terms, chunks, documents, terms
from balcao.infrastructure.repositories.chunk_row import CHUNK_COLUMNS, chunk_of, copied_row, row_of
from balcao.infrastructure.repositories.copy import copy_rows
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository

_CHUNK_IDS = bindparam("chunk_ids", type_=ARRAY(UUID(as_uuid=True)))


def _neighbour(name: str, step: int) -> FromClause:
    """The chunk ``step`` places further in the same article and page; one that reaches no further is none."""
    other = chunks.alias()
    reaches = other.c.start_char < chunks.c.start_char if step < 0 else other.c.end_char > chunks.c.end_char
    found = select(other.c.original_content, other.c.start_char, other.c.end_char).where(
        other.c.document_id == chunks.c.document_id,
        other.c.chunk_index == chunks.c.chunk_index + step,
        other.c.path == chunks.c.path,
        other.c.page.is_not_distinct_from(chunks.c.page),
        other.c.id != func.all(_CHUNK_IDS),
        reaches,
    )
    return found.correlate(chunks).lateral(name)


def _surroundings() -> Select[*tuple[object, ...]]:
    """Each chunk with what its neighbours' texts say before and behind it."""
    before, after = _neighbour("anterior", -1), _neighbour("seguinte", 1)
    seen = chunks.c.end_char - after.c.start_char
    return (
        select(
            chunks.c.id,
            (
                func.left(before.c.original_content, chunks.c.start_char - before.c.start_char)
                + case((before.c.end_char < chunks.c.start_char, "\n"), else_="")
            ).label("before"),
            (
                case((seen < 0, "\n"), else_="") + func.substr(after.c.original_content, func.greatest(seen, 0) + 1)
            ).label("after"),
        )
        .select_from(chunks)
        .outerjoin(before, true())
        .outerjoin(after, true())
        .where(chunks.c.id == func.any(_CHUNK_IDS))
    )


def _count() -> Update:
    added = (
        func.unnest(
            bindparam("document_ids", type_=ARRAY(UUID(as_uuid=True))), bindparam("added", type_=ARRAY(Integer))
        )
        .table_valued("document_id", "added")
        .render_derived()
    )
    more = update(documents).values(chunk_count=documents.c.chunk_count + added.c.added)
    return more.where(documents.c.id == added.c.document_id)


_SURROUNDINGS = _surroundings()
_COUNT = _count()


class PostgresDocumentChunkRepository:
    """DocumentChunkRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save_chunk(self, chunk: DocumentChunk) -> DocumentChunk:
        """Insert one row."""
        statement = insert(chunks).values(row_of(chunk)).returning(*chunks.c)
        row = (await self._connection.execute(statement)).one()
        await self._count({chunk.document_id: 1})
        return chunk_of(row)

    async def save_chunks(self, new: Sequence[DocumentChunk]) -> int:
        """COPY the rows, and count them on their documents' rows."""
        await copy_rows(self._connection, chunks, (*CHUNK_COLUMNS, "metadata"), map(copied_row, new))
        await self._count(Counter(chunk.document_id for chunk in new))
        return len(new)

    async def find_chunk_by_id(self, chunk_id: ChunkId) -> DocumentChunk | None:
        """One row."""
        row = (await self._connection.execute(select(chunks).where(chunks.c.id == chunk_id))).one_or_none()
        return chunk_of(row) if row else None

    async def find_chunks_by_document_id(self, document_id: DocumentId) -> list[DocumentChunk]:
        """A document's rows in reading order."""
        statement = select(chunks).where(chunks.c.document_id == document_id).order_by(chunks.c.chunk_index)
        return [chunk_of(row) for row in await self._connection.execute(statement)]

    async def find_page(self, document_id: DocumentId, limit: int, after: ChunkId | None = None) -> list[DocumentChunk]:
        """A document's rows behind this one, in reading order."""
        statement = select(chunks).where(chunks.c.document_id == document_id).order_by(chunks.c.chunk_index)
        if after is not None:
            mark = chunks.alias()
            behind = select(mark.c.chunk_index).where(mark.c.id == after).scalar_subquery()
            statement = statement.where(chunks.c.chunk_index > behind)
        return [chunk_of(row) for row in await self._connection.execute(statement.limit(limit))]

    async def surroundings(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, tuple[str, str]]:
        """Cut from the neighbours' own texts by offsets, since pieces of an article may overlap.

        Where they do not touch, a line ends between them. The document's text would have to be unpacked whole for each:
        some 2 ms for 100 kB of it.
        """
        rows = await self._connection.execute(_SURROUNDINGS, {"chunk_ids": list(chunk_ids)})
        return {row.id: (row.before or "", row.after or "") for row in rows}

    async def delete_chunks_by_document_id(self, document_id: DocumentId) -> int:
        """Delete a document's rows; embeddings and terms go with them."""
        gone = (await self._connection.execute(delete(chunks).where(chunks.c.document_id == document_id))).rowcount
        reset = update(documents).where(documents.c.id == document_id).values(chunk_count=0, term_count=0)
        await self._connection.execute(reset)
        return gone

    async def delete_terms_by_document_id(self, document_id: DocumentId) -> int:
        """Delete a document's postings."""
        in_document = select(chunks.c.id).where(chunks.c.document_id == document_id)
        await self._connection.execute(delete(chunk_terms).where(chunk_terms.c.chunk_id.in_(in_document)))
        return (await self._connection.execute(delete(terms).where(terms.c.chunk_id.in_(in_document)))).rowcount

    async def update_chunk_embedding(self, chunk_id: ChunkId, embedding: Embedding) -> bool:
        """Set the chunk's vector for the embedding's model."""
        return await PostgresVectorRepository(self._connection).update_chunk_embedding(chunk_id, embedding)

    async def _count(self, added: Mapping[DocumentId, int]) -> None:
        await self._connection.execute(_COUNT, {"document_ids": list(added), "added": list(added.values())})
