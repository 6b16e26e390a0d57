"""Take one file into the collection: whole, or not at all."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import Embedder, FileStorage, MunicipalityDirectory, TextExtractor
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.chat import TokenUsage
from balcao.domain.document import (
    Document,
    DocumentChunk,
    DocumentState,
    Embedding,
    ExtractedDocument,
    PageStart,
    join_pages,
)
from balcao.domain.document_service import DocumentService
from balcao.domain.ente import Ente
from balcao.domain.ente_recognition import issuer_of, recognise_ente
from balcao.domain.ids import DocumentId
from balcao.domain.text import storable_path
from balcao.domain.text_chunker import TextChunker

Progress = Callable[[int, int], None]
"""Called with chunks embedded so far and chunks in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRequest:
    """``ente`` overrides the recognition of whose act the document is."""

    path: Path
    ente: Ente | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResponse:
    """The document as it is now open to search; ``usage`` is what its embedding cost this time."""

    document_id: DocumentId
    title: str
    ente: Ente
    chunks: int
    usage: TokenUsage


class IngestDocumentUseCase:
    """Read, chunk, embed, then publish document, chunks, vectors and terms in one transaction."""

    def __init__(
        self,
        open_work: InstallationUnitOfWork,
        extractor: TextExtractor,
        storage: FileStorage,
        embedder: Embedder,
        chunker: TextChunker,
        directory: MunicipalityDirectory,
        charges: IngestionCharges,
        trail: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._extractor = extractor
        self._storage = storage
        self._embedder = embedder
        self._chunker = chunker
        self._directory = directory
        self._charges = charges
        self._trail = trail

    async def execute(self, request: IngestRequest, progress: Progress = lambda _done, _total: None) -> IngestResponse:
        """Ingest the file; a duplicate is refused before it is read, and always before a token is paid.

        Raises:
            UnusableFile: the file cannot be read or holds no text; the message names it.
            DuplicateDocument: the collection already holds it.
            ProviderError: the embedder failed; the vectors paid for until then are kept for the next try.
        """
        sha256 = await self._storage.digest(request.path)
        source = storable_path(str(request.path.resolve()))
        async with self._open_work() as work:
            await DocumentService(work.documents).refuse_duplicates(sha256=sha256, source=source)
        extracted = await self._extractor.extract(request.path)
        document, starts = await self._create(extracted, sha256, request.ente)
        issuer = issuer_of(document.ente, self._directory)
        chunks = self._chunker.chunk_document_content(document, starts, issuer=issuer)
        embedded, usage = await self._embed(chunks, progress)
        await self._storage.put(request.path, key=document.file_path)
        await self._publish(replace(document, state=DocumentState.DISPONIVEL), embedded)
        return IngestResponse(
            document_id=document.id, title=document.title, ente=document.ente, chunks=len(chunks), usage=usage
        )

    async def _create(
        self, extracted: ExtractedDocument, sha256: bytes, ente: Ente | None
    ) -> tuple[Document, tuple[PageStart, ...]]:
        content, starts = join_pages(extracted.pages)
        suffix = extracted.metadata.file_type
        async with self._open_work() as work:
            document = await DocumentService(work.documents).create_document(
                extracted,
                sha256=sha256,
                file_path=f"{sha256.hex()[:2]}/{sha256.hex()}.{suffix}",
                ente=ente or recognise_ente(extracted.title, content, self._directory),
            )
        return document, starts

    async def _embed(
        self, chunks: Sequence[DocumentChunk], progress: Progress
    ) -> tuple[list[DocumentChunk], TokenUsage]:
        usage = TokenUsage(prompt_tokens=0, completion_tokens=0)
        done: list[DocumentChunk] = []
        size = self._embedder.batch_size
        progress(0, len(chunks))
        for first in range(0, len(chunks), size):
            batch = chunks[first : first + size]
            vectors, spent = await self._vectors([chunk.content for chunk in batch])
            usage += spent
            done += [replace(chunk, embedding=vectors[_digest(chunk.content)]) for chunk in batch]
            progress(len(done), len(chunks))
        return done, usage

    async def _vectors(self, texts: Sequence[str]) -> tuple[dict[bytes, Embedding], TokenUsage]:
        """Vectors by digest of text: those already paid for, and the missing ones, kept as soon as they arrive."""
        wanted = {_digest(text): text for text in texts}
        known: dict[bytes, Embedding] = {}
        if self._embedder.is_paid:
            async with self._open_work() as work:
                known = await work.paid_vectors.find(list(wanted), self._embedder.model)
        missing = {digest: text for digest, text in wanted.items() if digest not in known}
        if not missing:
            return known, TokenUsage(prompt_tokens=0, completion_tokens=0)
        batch = await self._embedder.embed(list(missing.values()))
        new = dict(zip(missing, batch.embeddings, strict=True))
        if self._embedder.is_paid:
            async with self._open_work() as work:
                await work.paid_vectors.save(new)
                await self._charges.note(work, self._embedder.model, batch.usage)
        return known | new, batch.usage

    async def _publish(self, document: Document, chunks: list[DocumentChunk]) -> None:
        async with self._open_work() as work:
            await work.documents.save(document)
            await work.chunks.save_chunks(chunks)
            await work.vectors.add_chunk_embeddings(chunks)
            await work.passages.index_terms(document.id)
            if self._embedder.is_paid:
                digests = [_digest(chunk.content) for chunk in chunks]
                await work.paid_vectors.discard(digests, self._embedder.model)
            await self._trail.document(work, None, AuditKind.DOCUMENT_PUBLISHED, document)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
