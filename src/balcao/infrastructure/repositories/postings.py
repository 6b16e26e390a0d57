"""The lexical index of a document: the stems of its chunks' words, and the identifiers of acts and articles."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.acts import Act, ActKind
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.legal_references import passage_terms
from balcao.infrastructure.database.tables import chunk_terms, chunks, documents, terms, vocabulary
from balcao.infrastructure.repositories.copy import copy_rows

INDEX_VERSION = 1
"""Changes whenever the terms of an unchanged text would; documents of another version wait to be indexed again."""

_COLUMNS = ("term", "chunk_id", "document_id", "frequency", "chunk_length")
_WORD = "^[a-zà-ÿ]{4,}$"
_CHUNKS_PER_THREAD_CALL = 64

_WRITE_WORDS = text(
    """
    INSERT INTO documento_termo (termo, chunk_id, documento_id, frequencia, tamanho)
    SELECT termo, c.id, c.documento_id, vezes, sum(vezes) OVER (PARTITION BY c.id)
      FROM documento_chunk c,
           LATERAL (SELECT termo, greatest(sum(no_texto), 1) AS vezes
                      FROM (SELECT termo, frequencia AS no_texto FROM termos(c.texto_original)
                            UNION ALL
                            SELECT termo, 0 FROM termos(c.contexto)) AS ambos
                     GROUP BY termo) AS t
     WHERE c.documento_id = :document_id
    """
).bindparams(bindparam("document_id", type_=UUID(as_uuid=True)))
"""Words of the context line before a chunk's text count once, and only where the text does not have them."""

_WRITE_BY_CHUNK = text(
    """
    INSERT INTO documento_chunk_termos (chunk_id, documento_id, tamanho, ocorrencias)
    SELECT chunk_id, documento_id, max(tamanho), array_agg(ocorrencia ORDER BY ocorrencia)
      FROM (SELECT chunk_id, documento_id, tamanho, ocorrencia(termo, frequencia) AS ocorrencia FROM documento_termo
             WHERE chunk_id IN (SELECT id FROM documento_chunk WHERE documento_id = :document_id)) AS escritos
     GROUP BY chunk_id, documento_id
    """
).bindparams(bindparam("document_id", type_=UUID(as_uuid=True)))
"""From the postings, of which they are the same by chunk."""


@dataclass(frozen=True, slots=True)
class _Text:
    chunk_id: ChunkId
    content: str
    path: str | None
    length: int


class PostingsWriter:
    """Writes on one connection, in its transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def write(self, document_id: DocumentId) -> int:
        """Replace the postings of a document; how many."""
        for table in (terms, chunk_terms):
            await self._connection.execute(delete(table).where(_are_of(document_id, table)))
        written = await self._write_words(document_id)
        await self._count(document_id)
        await self._learn_words(document_id)
        written += await self._write_identifiers(document_id)
        await self._connection.execute(_WRITE_BY_CHUNK, {"document_id": document_id})
        return written

    async def _write_words(self, document_id: DocumentId) -> int:
        return (await self._connection.execute(_WRITE_WORDS, {"document_id": document_id})).rowcount

    async def _count(self, document_id: DocumentId) -> None:
        total = select(func.coalesce(func.sum(terms.c.frequency), 0)).where(_are_of(document_id))
        counted = update(documents).where(documents.c.id == document_id)
        await self._connection.execute(
            counted.values(term_count=total.scalar_subquery(), index_version=literal(INDEX_VERSION))
        )

    async def _learn_words(self, document_id: DocumentId) -> None:
        """In their order, so that two documents that are published at once wait for each other, never crosswise."""
        words = (
            select(terms.c.term)
            .distinct()
            .where(_are_of(document_id), terms.c.term.regexp_match(_WORD))
            .order_by(terms.c.term)
        )
        await self._connection.execute(insert_or_skip(vocabulary).from_select(["term"], words).on_conflict_do_nothing())

    async def _write_identifiers(self, document_id: DocumentId) -> int:
        """Identifiers are not counted in a chunk's length: they are no words of it."""
        act = await self._act(document_id)
        found = await self._texts(document_id)
        rows: list[tuple[object, ...]] = []
        for first in range(0, len(found), _CHUNKS_PER_THREAD_CALL):
            part = found[first : first + _CHUNKS_PER_THREAD_CALL]
            for one, identifiers in zip(part, await asyncio.to_thread(_identifiers, part, act), strict=True):
                rows += [(term, one.chunk_id, document_id, times, one.length) for term, times in identifiers.items()]
        await copy_rows(self._connection, terms, _COLUMNS, rows)
        return len(rows)

    async def _act(self, document_id: DocumentId) -> Act | None:
        columns = (documents.c.act_kind, documents.c.act_number, documents.c.act_year)
        row = (await self._connection.execute(select(*columns).where(documents.c.id == document_id))).one_or_none()
        if row is None or row.act_kind is None:
            return None
        return Act(kind=ActKind(row.act_kind), number=row.act_number, year=row.act_year)

    async def _texts(self, document_id: DocumentId) -> list[_Text]:
        length = select(func.coalesce(func.max(terms.c.chunk_length), 1)).where(terms.c.chunk_id == chunks.c.id)
        content = chunks.c.context + chunks.c.original_content
        statement = select(chunks.c.id, content, chunks.c.path, length.scalar_subquery()).where(
            chunks.c.document_id == document_id
        )
        return [_Text(*row) for row in await self._connection.execute(statement)]


def _are_of(document_id: DocumentId, table: Table = terms) -> ColumnElement[bool]:
    """A document's postings, by its chunks: that is how they are indexed."""
    return table.c.chunk_id.in_(select(chunks.c.id).where(chunks.c.document_id == document_id))


def _identifiers(texts: Sequence[_Text], act: Act | None) -> list[Counter[str]]:
    return [passage_terms(one.content, one.path, act) for one in texts]
