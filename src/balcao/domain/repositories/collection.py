"""Ports of the global collection: documents, their chunks, what brings them in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from balcao.domain.acts import Act
from balcao.domain.document import Document, DocumentChunk, DocumentState, Embedding
from balcao.domain.document_filter import DocumentFilter
from balcao.domain.ids import ChunkId, DocumentId, JobId, UploadId
from balcao.domain.ingestion_job import IngestionJob, JobStep
from balcao.domain.upload import Upload


class DocumentRepository(Protocol):
    """The global collection of documents."""

    async def save(self, document: Document) -> Document:
        """Insert the document, or update the one with its id. Its chunks are saved by DocumentChunkRepository.

        Raises:
            DuplicateDocument: another current document has the same bytes or the same source.
        """
        ...

    async def find_by_id(self, document_id: DocumentId) -> Document | None:
        """The document without its chunks."""
        ...

    async def find_summary(self, document_id: DocumentId) -> Document | None:
        """The document without its text and chunks."""
        ...

    async def lock(self, document_id: DocumentId) -> bool:
        """Until the unit of work ends, nobody else changes or removes the document, or says that it revoked another.

        False when there is no such document.
        """
        ...

    async def find_revoked_by(self, document_id: DocumentId) -> Document | None:
        """The oldest document that this one revoked, in any state; without text."""
        ...

    async def find_by_source(self, source: str) -> Document | None:
        """The document of this source that is searched, or else the one on its way."""
        ...

    async def find_in_progress(self, source: str) -> Document | None:
        """The document of this source that is being taken in, or waits for a confirmation."""
        ...

    async def find_similar(self, title: str) -> list[Document]:
        """Current documents whose titles are alike (trigrams, at least SIMILARITY), the most alike first; without text.

        Titles are compared without accents, in one case. At most 20.
        """
        ...

    async def find_by_act(self, act: Act) -> list[Document]:
        """Current documents that are this act, by kind, number and year; without text. At most 20."""
        ...

    async def change_state(self, document_id: DocumentId, state: DocumentState) -> bool:
        """Give the document another state; False when there is no such document."""
        ...

    async def serialise_titles(self) -> None:
        """Until the unit of work ends, nobody else compares titles, so that two alike are not both let in."""
        ...

    async def delete_failed(self, sha256: bytes) -> int:
        """Remove failed documents with these bytes, which are given again; how many. What revoked another stays."""
        ...

    async def unused_originals(self, keys: Sequence[str]) -> list[str]:
        """Those of these storage keys that no document has."""
        ...

    async def find_by_sha256(self, sha256: bytes) -> Document | None:
        """The current document with these bytes, in any state but failed or replaced."""
        ...

    async def find_by_text_sha256(self, text_sha256: bytes) -> Document | None:
        """The oldest current document with this text, in any state but failed or replaced."""
        ...

    async def find_all(
        self, limit: int = 100, offset: int = 0, state: DocumentState = DocumentState.DISPONIVEL
    ) -> list[Document]:
        """Documents open to search, or of another state, oldest first, without text or chunks."""
        ...

    async def find_page(self, wanted: DocumentFilter, limit: int, after: DocumentId | None = None) -> list[Document]:
        """Documents in whatever state, newest first, those behind ``after``; without text or chunks."""
        ...

    async def describe(self, document: Document) -> Document | None:
        """Keep its title, act, ente, tags and validity; None where it is being processed or is there no more.

        Raises:
            DocumentNotFound: the one that revoked it does not exist.
        """
        ...

    async def delete(self, document_id: DocumentId) -> bool:
        """Remove the document with its chunks, embeddings and terms; False when there was none."""
        ...

    async def exists(self, source: str) -> bool:
        """Whether a current document has this source."""
        ...

    async def count(self) -> int:
        """How many documents are open to search."""
        ...

    async def municipalities(self) -> frozenset[str]:
        """IBGE codes of the municipalities that have documents open to search."""
        ...


class DocumentChunkRepository(Protocol):
    """The passages of documents."""

    async def save_chunk(self, chunk: DocumentChunk) -> DocumentChunk:
        """Insert one chunk."""
        ...

    async def save_chunks(self, chunks: Sequence[DocumentChunk]) -> int:
        """Insert many chunks by COPY; how many."""
        ...

    async def find_chunk_by_id(self, chunk_id: ChunkId) -> DocumentChunk | None:
        """The chunk without its embedding."""
        ...

    async def find_chunks_by_document_id(self, document_id: DocumentId) -> list[DocumentChunk]:
        """A document's chunks in reading order, without embeddings."""
        ...

    async def find_page(self, document_id: DocumentId, limit: int, after: ChunkId | None = None) -> list[DocumentChunk]:
        """A document's chunks in reading order, those behind ``after``, without embeddings."""
        ...

    async def surroundings(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, tuple[str, str]]:
        """The document's text before and after each of these chunks, as far as the neighbouring chunks reach.

        Only neighbours of the same article and page that are not among these chunks; "" where there is none.
        """
        ...

    async def delete_chunks_by_document_id(self, document_id: DocumentId) -> int:
        """Remove a document's chunks with their embeddings and terms; how many."""
        ...

    async def delete_terms_by_document_id(self, document_id: DocumentId) -> int:
        """Remove the lexical index of a document's chunks, which stay; how many entries."""
        ...

    async def update_chunk_embedding(self, chunk_id: ChunkId, embedding: Embedding) -> bool:
        """Set the chunk's vector for the embedding's model; False when there is no such chunk."""
        ...


class UploadRepository(Protocol):
    """Announced uploads."""

    async def add(self, upload: Upload) -> None:
        """Keep a new one."""
        ...

    async def find(self, upload_id: UploadId) -> Upload | None:
        """The upload, expired or not."""
        ...

    async def remove(self, upload_id: UploadId) -> None:
        """Forget it; nothing happens when there is none."""
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Forget those that expired before this instant; how many."""
        ...


class IngestionJobRepository(Protocol):
    """The work of taking documents in, and its queue. Times are the database's, which every worker shares."""

    async def add(self, job: IngestionJob) -> IngestionJob:
        """Insert a job that waits.

        Raises:
            IngestionInProgress: the document has an unfinished one.
        """
        ...

    async def enqueue(self, job: IngestionJob, delay: timedelta = timedelta()) -> None:
        """Tell the workers about the job's next attempt, once however often; it is not taken before ``delay``."""
        ...

    async def find(self, job_id: JobId) -> IngestionJob | None:
        """The job."""
        ...

    async def latest_of(self, document_id: DocumentId) -> IngestionJob | None:
        """The document's newest job."""
        ...

    async def claim(self, job_id: JobId, owner: str, *, gone: Sequence[str] = ()) -> IngestionJob | None:
        """Start an attempt: it counts from here on, whatever ends it. None when the job is over or somebody is at it.

        Whoever is among ``gone``, or gave no sign of life for STALE_AFTER, is not at it any more.
        """
        ...

    async def advance(self, job: IngestionJob, step: JobStep, done: int, total: int, tokens: int = 0) -> bool:
        """Note how far this attempt is, and that it is alive; False when it was cancelled or taken over."""
        ...

    async def beat(self, job: IngestionJob) -> bool:
        """Give a sign of life; False when the attempt was cancelled or taken over."""
        ...

    async def release(
        self,
        job: IngestionJob,
        *,
        reason: str | None = None,
        error_code: str | None = None,
        delay: timedelta = timedelta(),
    ) -> bool:
        """Put this attempt's job back into the queue; with an error, it failed. False as for ``advance``."""
        ...

    async def finish(self, job: IngestionJob, *, reason: str | None = None, related: DocumentId | None = None) -> bool:
        """End this attempt well; False when it was cancelled or taken over meanwhile."""
        ...

    async def fail(self, job: IngestionJob, *, error_code: str, reason: str, related: DocumentId | None = None) -> bool:
        """End this attempt for good; False when it was cancelled or taken over meanwhile."""
        ...

    async def cancel(self, document_id: DocumentId, reason: str) -> bool:
        """Stop the document's unfinished job; False when there is none."""
        ...

    async def owners(self) -> list[str]:
        """Processes that are said to be at work."""
        ...

    async def requeue_abandoned(self, gone: Sequence[str]) -> list[JobId]:
        """Put back jobs whose process died (see ``claim``), and tell the workers of those that wait unannounced."""
        ...

    async def forget_log_before(self, instant: datetime) -> int:
        """Remove entries of the queue's own log before this instant; how many."""
        ...
