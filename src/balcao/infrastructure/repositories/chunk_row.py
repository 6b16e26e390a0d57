"""The one mapping between a row of ``documento_chunk`` and a DocumentChunk."""

import json
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias, cast

import asyncpg
from sqlalchemy import Row

from balcao.domain.document import DocumentChunk
from balcao.domain.ids import ChunkId, DocumentId
from balcao.domain.page_boxes import decode_lines, encode_lines
from balcao.infrastructure.database.tables import chunks

CHUNK_COLUMNS = (
    "id", "document_id", "context", "original_content", "chunk_index", "start_char", "end_char", "page", "path",
)  # fmt: skip
_columns_of = attrgetter(*CHUNK_COLUMNS)
_LINES = "linhas"
_Metadata: TypeAlias = dict[str, list[list[float]]]
_Columns: TypeAlias = tuple[
    ChunkId, DocumentId, str, str, int, int, int, int | None, str | None, _Metadata, datetime
]  # of the table, in its order
_WIDTH = len(chunks.c)


def row_of(chunk: DocumentChunk) -> dict[str, object]:
    """What the columns of a chunk's row hold, by their keys; its lines stand in ``metadata``."""
    return dict(zip(CHUNK_COLUMNS, _columns_of(chunk), strict=True)) | {"metadata": _metadata_of(chunk)}


def copied_row(chunk: DocumentChunk) -> tuple[object, ...]:
    """The same for COPY: CHUNK_COLUMNS in their order, then ``metadata`` as text."""
    return (*_columns_of(chunk), json.dumps(_metadata_of(chunk)) if chunk.lines else "{}")


def _metadata_of(chunk: DocumentChunk) -> _Metadata:
    return {_LINES: encode_lines(chunk.lines)} if chunk.lines else {}


def chunk_of(row: Row[*tuple[object, ...]] | asyncpg.Record) -> DocumentChunk:
    """The chunk, without its embedding, of a row that begins with the table's columns.

    By their places: looking each up by its name takes three times as long, a tenth of what a search by vector costs
    this process.
    """
    (
        chunk_id,
        document_id,
        context,
        original_content,
        chunk_index,
        start_char,
        end_char,
        page,
        path,
        metadata,
        created_at,
    ) = cast(_Columns, row[:_WIDTH])
    return DocumentChunk(
        id=chunk_id,
        document_id=document_id,
        original_content=original_content,
        chunk_index=chunk_index,
        start_char=start_char,
        end_char=end_char,
        context=context,
        page=page,
        path=path,
        lines=decode_lines(metadata.get(_LINES, [])),
        created_at=created_at,
    )
