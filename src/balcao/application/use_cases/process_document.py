"""Do the job of a registered document: read, chunk, embed, then publish everything in one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from balcao.application.audit_trail import AuditTrail
from balcao.application.cancellation import undone_if_cancelled
from balcao.application.chunk_embedding import NOTHING_SPENT, ChunkEmbedder
from balcao.application.document_reader import DocumentReader
from balcao.application.ingestion import JobProgress, Progress, resembles
from balcao.application.job_attempts import JobAttempts
from balcao.application.ports import FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork, UnitOfWork
from balcao.application.vector_index import TOLERATED, VectorIndexing
from balcao.domain.audit import AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.chat import TokenUsage
from balcao.domain.document import Document, DocumentChunk, DocumentState, ExtractedDocument
from balcao.domain.document_service import DocumentService
from balcao.domain.ente import Ente, Esfera
from balcao.domain.errors import (
    BalcaoError,
    DatabaseUnreachable,
    IngestionCancelled,
    ProviderRateLimited,
    ProviderUnavailable,
    StorageUnavailable,
)
from balcao.domain.ids import DocumentId, JobId
from balcao.domain.ingestion_job import IngestionJob, JobStep
from balcao.domain.text import short_file_name

_MAY_PASS = (ProviderRateLimited, ProviderUnavailable, StorageUnavailable)
_NOBODYS_FAULT = (IngestionCancelled, DatabaseUnreachable)
"""Ends of an attempt that are noted already, or cannot be: whoever takes the job up next finds it as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """What became of the document. ``usage`` is what this attempt cost; ``related`` is the document it resembles."""

    document_id: DocumentId
    title: str
    ente: Ente
    state: DocumentState
    version: int = 1
    chunks: int = 0
    usage: TokenUsage = NOTHING_SPENT
    related: DocumentId | None = None
    reason: str | None = None


class ProcessDocumentUseCase:
    """One attempt at a job, which one process at a time has. However it ends, nothing is visible by half."""

    def __init__(
        self,
        open_work: InstallationUnitOfWork,
        attempts: JobAttempts,
        storage: FileStorage,
        reader: DocumentReader,
        embedder: ChunkEmbedder,
        trail: AuditTrail,
        indexing: VectorIndexing,
    ) -> None:
        self._open_work = open_work
        self._attempts = attempts
        self._storage = storage
        self._reader = reader
        self._embedder = embedder
        self._trail = trail
        self._indexing = indexing

    async def execute(self, job_id: JobId, progress: Progress = lambda _: None) -> Processed:
        """Process the job's document; a title like another's, unless confirmed, leaves it waiting, with nothing paid.

        Raises:
            IngestionInProgress: another process is at it.
            IngestionCancelled: it is over, was cancelled, or another process took it over.
            UnusableFile, DuplicateDocument, ProviderRefused, CorruptOriginal, OriginalNotFound: it failed for good.
            ProviderRateLimited, ProviderUnavailable, StorageUnavailable: it will be tried again, MAX_FAILURES times.
        """
        job = await undone_if_cancelled(self._attempts.begin(job_id), self._attempts.give_back)
        try:
            processed = await self._attempts.keep_alive(job, self._process(job, progress))
        except asyncio.CancelledError:
            await asyncio.shield(self._attempts.give_back(job))
            raise
        except _NOBODYS_FAULT:
            raise
        except _MAY_PASS as error:
            await self._attempts.postpone(job, error)
            raise
        except BalcaoError as error:
            await self._attempts.give_up(job, error)
            raise
        await self._indexing.catch_up(tolerated=TOLERATED)
        return processed

    async def _process(self, job: IngestionJob, progress: Progress) -> Processed:
        progress(JobProgress(step=JobStep.LER))
        async with self._open_work() as work:
            registered = await work.documents.find_by_id(job.document_id)
        if registered is None:
            raise IngestionCancelled
        extracted = await self._extract(registered)
        document, alike = await self._read(job, registered, extracted)
        if alike:
            return _waiting(document, alike)
        await self._advance(job, progress, JobProgress(step=JobStep.DIVIDIR))
        chunks = self._reader.chunks(document, extracted)
        remark = _remarks(document, extracted)
        embedded, usage = await self._embed(job, chunks, progress)
        progress(JobProgress(step=JobStep.PUBLICAR, done=len(chunks), total=len(chunks), tokens=usage.total_tokens))
        async with self._open_work() as work:
            published = await self._publish(work, job, document, embedded, remark)
        return Processed(
            document_id=published.id,
            title=published.title,
            ente=published.ente,
            state=published.state,
            version=published.version,
            chunks=len(embedded),
            usage=usage,
            reason=remark,
        )

    async def _extract(self, document: Document) -> ExtractedDocument:
        """Read the original in a folder of its own, under its own name, by which the errors speak of it."""
        with TemporaryDirectory(prefix="balcao-") as folder:
            path = Path(folder) / (short_file_name(document.file_name) or "documento")
            await self._storage.fetch(document.file_path, path)
            return await self._reader.extract(path)

    async def _read(
        self, job: IngestionJob, document: Document, extracted: ExtractedDocument
    ) -> tuple[Document, Document | None]:
        """The document with its text, saved; and the one whose title is alike, when that is to be confirmed first."""
        ente = document.ente if job.keeps_ente or document.ente_given else self._reader.issuer(extracted)
        title = None if job.keeps_title or document.title_given else extracted.title
        async with self._open_work() as work:
            if not await work.jobs.advance(job, JobStep.LER, 0, 0):
                raise IngestionCancelled
            service = DocumentService(work.documents)
            read = await service.with_text(document, extracted, title=title, ente=ente)
            known = job.confirmed or await self._is_new_version(work, read)
            alike = None if known else await service.similar_to(read)
            if alike is None:
                return await work.documents.save(read), None
            await work.documents.save(replace(read, state=DocumentState.AGUARDANDO_CONFIRMACAO))
            if not await work.jobs.finish(job, reason=resembles(alike), related=alike.id):
                raise IngestionCancelled
        return read, alike

    @staticmethod
    async def _is_new_version(work: UnitOfWork, document: Document) -> bool:
        """Whether its source is in the collection already: what it may resemble was decided with the first one."""
        source = document.metadata.source
        older = await work.documents.find_by_source(source) if source else None
        return older is not None and older.id != document.id

    async def _embed(
        self, job: IngestionJob, chunks: Sequence[DocumentChunk], progress: Progress
    ) -> tuple[list[DocumentChunk], TokenUsage]:
        done: list[DocumentChunk] = []
        usage = NOTHING_SPENT
        await self._advance(job, progress, JobProgress(step=JobStep.VETORES, total=len(chunks)))
        async for batch in self._embedder.batches(chunks):
            done += batch.chunks
            usage += batch.usage
            report = JobProgress(step=JobStep.VETORES, done=len(done), total=len(chunks), tokens=usage.total_tokens)
            await self._advance(job, progress, report, spent=batch.usage.total_tokens)
        return done, usage

    async def _advance(self, job: IngestionJob, progress: Progress, report: JobProgress, *, spent: int = 0) -> None:
        async with self._open_work() as work:
            goes_on = await work.jobs.advance(job, report.step, report.done, report.total, spent)
        if not goes_on:
            raise IngestionCancelled
        progress(report)

    async def _publish(
        self,
        work: UnitOfWork,
        job: IngestionJob,
        document: Document,
        chunks: list[DocumentChunk],
        remark: str | None,
    ) -> Document:
        """Everything of the document, and its older version's end, in the caller's one transaction."""
        goes_on = await work.jobs.advance(job, JobStep.PUBLICAR, len(chunks), len(chunks))
        current = await work.documents.find_by_id(document.id)
        if not goes_on or current is None:
            raise IngestionCancelled
        older = await self._replace_older(work, current)
        new = current.after(older) if older else current
        published = await work.documents.save(replace(new, state=DocumentState.DISPONIVEL))
        await work.chunks.save_chunks(chunks)
        await work.vectors.add_chunk_embeddings(chunks)
        await work.passages.index_terms(document.id)
        await self._embedder.forget(work, chunks)
        await work.jobs.finish(job, reason=remark)
        details: dict[str, Json] = {"versao": published.version, "substitui": str(older.id) if older else None}
        await self._trail.document(work, job.requested_by, AuditKind.DOCUMENT_PUBLISHED, published, details)
        return published

    async def _replace_older(self, work: UnitOfWork, new: Document) -> Document | None:
        """Take the searched document of the same source out of the search; its text and passages stay, for answers that
        cite them. What it was, with what people said of it until now.
        """
        source = new.metadata.source
        found = await work.documents.find_by_source(source) if source else None
        if found is None or found.id == new.id or not await work.documents.lock(found.id):
            return None
        older = await work.documents.find_by_id(found.id)
        if older is None:
            return None
        await work.documents.save(replace(older, state=DocumentState.SUBSTITUIDO, replaced_by=new.id))
        await work.vectors.delete_document_embeddings(older.id)
        await work.chunks.delete_terms_by_document_id(older.id)
        return older


def _remarks(document: Document, extracted: ExtractedDocument) -> str | None:
    """What the person who ingests should know: pages that nobody can read, and a norm that would bind everybody."""
    remarks = []
    if pages := extracted.metadata.custom_fields.get("paginas_sem_texto"):
        remarks.append(
            f"Sem camada de texto nas páginas {pages}; instale o tesseract, remova o documento e ingira de novo."
        )
    if document.act and document.ente.esfera is Esfera.GERAL and not document.ente_given:
        remarks.append("É uma norma, e não se reconheceu de quem: responde a toda prefeitura. Diga de quem é (ente).")
    return " ".join(remarks) or None


def _waiting(document: Document, alike: Document) -> Processed:
    return Processed(
        document_id=document.id,
        title=document.title,
        ente=document.ente,
        state=DocumentState.AGUARDANDO_CONFIRMACAO,
        related=alike.id,
        reason=resembles(alike),
    )
