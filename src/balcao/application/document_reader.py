"""From a file to its passages: the same for a document that comes in and for one of which only the cost is asked."""

from pathlib import Path

from balcao.application.ports import MunicipalityDirectory, TextExtractor
from balcao.domain.document import Document, DocumentChunk, ExtractedDocument, join_headings, join_lines, join_pages
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import issuer_of, recognise_ente
from balcao.domain.text_chunker import TextChunker


class DocumentReader:
    """Reads, recognises and divides; saves nothing."""

    def __init__(self, extractor: TextExtractor, chunker: TextChunker, directory: MunicipalityDirectory) -> None:
        self._extractor = extractor
        self._chunker = chunker
        self._directory = directory

    async def extract(self, path: Path) -> ExtractedDocument:
        """What the file says.

        Raises:
            UnusableFile: the file cannot be read or holds no text; the message names it.
        """
        return await self._extractor.extract(path)

    def issuer(self, extracted: ExtractedDocument) -> Ente:
        """Whose act the document is, by its own words."""
        content, _ = join_pages(extracted.pages)
        return recognise_ente(extracted.title, content, self._directory)

    def chunks(self, document: Document, extracted: ExtractedDocument) -> list[DocumentChunk]:
        """The document's passages in reading order, without vectors."""
        _, starts = join_pages(extracted.pages)
        issuer = issuer_of(document.ente, self._directory)
        lines = join_lines(extracted.pages)
        headings = join_headings(extracted.pages)
        return list(self._chunker.chunk_document_content(document, starts, lines, headings, issuer=issuer))
