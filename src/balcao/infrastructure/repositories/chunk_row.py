"""The one mapping between a row of ``documento_chunk`` and a DocumentChunk."""

from sqlalchemy import Row

from balcao.domain.document import DocumentChunk
from balcao.domain.page_boxes import decode_lines, encode_lines

CHUNK_COLUMNS = (
    "id", "document_id", "context", "original_content", "chunk_index", "start_char", "end_char", "page", "path",
)  # fmt: skip
_LINES = "linhas"


def row_of(chunk: DocumentChunk) -> dict[str, object]:
    """What the columns of a chunk's row hold, by their keys; its lines stand in ``metadata``."""
    metadata = {_LINES: encode_lines(chunk.lines)} if chunk.lines else {}
    return {key: getattr(chunk, key) for key in CHUNK_COLUMNS} | {"metadata": metadata}


def chunk_of(row: Row[*tuple[object, ...]]) -> DocumentChunk:
    """The chunk that a row holds, without its embedding; with its lines where the row has ``metadata``."""
    metadata = getattr(row, "metadata", None)
    lines = decode_lines(metadata.get(_LINES, [])) if isinstance(metadata, dict) else ()
    return DocumentChunk(
        id=row.id,
        document_id=row.document_id,
        context=row.context,
        original_content=row.original_content,
        chunk_index=row.chunk_index,
        start_char=row.start_char,
        end_char=row.end_char,
        page=row.page,
        path=row.path,
        lines=lines,
        created_at=row.created_at,
    )
