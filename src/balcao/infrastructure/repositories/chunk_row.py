"""The one mapping between a row of ``documento_chunk`` and a DocumentChunk."""

from sqlalchemy import Row

from balcao.domain.document import DocumentChunk

CHUNK_COLUMNS = (
    "id", "document_id", "content", "original_content", "chunk_index", "start_char", "end_char", "page", "path",
)  # fmt: skip


def chunk_of(row: Row[*tuple[object, ...]]) -> DocumentChunk:
    """The chunk that a row holds, without its embedding."""
    return DocumentChunk(**{key: getattr(row, key) for key in CHUNK_COLUMNS}, created_at=row.created_at)
