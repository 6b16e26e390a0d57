"""What ingestion makes of a file that was read."""

from uuid import uuid4

from balcao.domain.document import (
    Document,
    DocumentChunk,
    ExtractedDocument,
    join_headings,
    join_lines,
    join_pages,
)
from balcao.domain.ente import Ente
from balcao.domain.ids import DocumentId
from balcao.domain.text_chunker import TextChunker


def chunks_of(extracted: ExtractedDocument, *, chunk_size: int = 500) -> list[DocumentChunk]:
    """The document's chunks, without context and with a tenth of overlap, tokens being estimated."""
    content, starts = join_pages(extracted.pages)
    document = Document(
        id=DocumentId(uuid4()),
        title=extracted.title,
        content=content,
        file_path="",
        sha256=bytes(32),
        text_sha256=None,
        ente=Ente.geral(),
        metadata=extracted.metadata,
    )
    chunker = TextChunker(
        chunk_size=chunk_size,
        overlap=chunk_size // 10,
        count_tokens=lambda text: -(-len(text.encode()) // 3),
        contextual=False,
    )
    lines, headings = join_lines(extracted.pages), join_headings(extracted.pages)
    return chunker.chunk_document_content(document, starts, lines, headings)
