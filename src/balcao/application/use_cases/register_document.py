"""Take a file's bytes in, once, and note the work of reading it; nobody finds the document before that is done."""

import asyncio
from dataclasses import dataclass

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion import FileToIngest, Registered, begin_job, digest_of, document_of
from balcao.application.ports import FileStorage, Processes, TextExtractor
from balcao.application.unit_of_work import InstallationUnitOfWork, UnitOfWork
from balcao.domain.audit import Actor, AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.document import Document, DocumentState
from balcao.domain.document_service import DocumentService
from balcao.domain.errors import DuplicateDocument, IngestionInProgress, InvalidInput
from balcao.domain.identity import Principal
from balcao.domain.ingestion_job import IngestionJob, JobState

LONGEST_SOURCE = 1000
_REPLACED = "Outro arquivo da mesma origem foi enviado depois."


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRequest(FileToIngest):
    """``inline``: the caller itself goes on to process it, and takes up what another process left undone; workers are
    not told. Without a ``principal`` it is the installation that brings the file.
    """

    inline: bool = False
    principal: Principal | None = None

    @property
    def actor(self) -> Actor:
        """Who brings the file."""
        return Actor.behind(self.principal)


class RegisterDocumentUseCase:
    """The original goes to storage under its hash; document, job and queue entry come to be in one transaction."""

    def __init__(
        self,
        open_work: InstallationUnitOfWork,
        storage: FileStorage,
        extractor: TextExtractor,
        processes: Processes,
        trail: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._storage = storage
        self._extractor = extractor
        self._processes = processes
        self._trail = trail

    async def execute(self, request: RegisterRequest) -> Registered:
        """Register the file; what the collection has is refused before it is stored.

        Raises:
            UnusableFile: it cannot be read, is empty, or is of no known format; the message names it.
            DuplicateDocument: the same bytes are in the collection, or on their way; with that document's id.
            InvalidInput: the source is too long.
            StorageUnavailable: the original could not be kept; nothing is registered.
        """
        if len(request.source or "") > LONGEST_SOURCE:
            raise InvalidInput(
                f"A origem passa de {LONGEST_SOURCE} caracteres; informe uma mais curta.", param="origem"
            )
        sha256 = await digest_of(self._storage, request)
        self._extractor.check_name(request.file_name)
        async with self._open_work() as work:
            if found := await self._known(work, request, sha256):
                return found
        document = await asyncio.to_thread(document_of, request, sha256)
        await self._storage.put(request.path, key=document.file_path)
        try:
            async with self._open_work() as work:
                return await self._known(work, request, sha256) or await self._add(work, request, document)
        except DuplicateDocument as error:
            if error.document_id:
                raise
            return await self._explain(request, sha256, error)

    async def _known(self, work: UnitOfWork, request: RegisterRequest, sha256: bytes) -> Registered | None:
        """The registration of these bytes that the caller may go on with; None when there is none."""
        same = await work.documents.find_by_sha256(sha256)
        if same is None:
            return None
        job = await work.jobs.latest_of(same.id)
        if same.state is DocumentState.AGUARDANDO_CONFIRMACAO and request.confirm:
            begun = await begin_job(work, same, requested_by=request.actor, announce=not request.inline, confirmed=True)
            await self._trail.document(work, request.actor, AuditKind.DOCUMENT_CONFIRMED, same)
            return begun
        unfinished = same.state is DocumentState.PROCESSANDO and job is not None and self._is_free(job)
        if request.inline and unfinished and job:
            return Registered(document_id=same.id, job_id=job.id, state=same.state)
        await DocumentService(work.documents).refuse_same_bytes(sha256)
        return None

    def _is_free(self, job: IngestionJob) -> bool:
        """Whether nobody is known to be at it; the claim decides in the end."""
        return job.state is JobState.NA_FILA or bool(job.owner and self._processes.is_gone(job.owner))

    async def _add(self, work: UnitOfWork, request: RegisterRequest, document: Document) -> Registered:
        gone = await self._make_way(work, request)
        saved = await DocumentService(work.documents).create_document(document)
        begun = await begin_job(
            work,
            saved,
            requested_by=request.actor,
            announce=not request.inline,
            confirmed=request.confirm,
            keeps_title=request.title is not None,
            keeps_ente=request.ente is not None,
        )
        if gone:
            details: dict[str, Json] = {"deu_lugar_a": str(saved.id)}
            await self._trail.document(work, request.actor, AuditKind.DOCUMENT_CANCELLED, gone, details)
        await self._trail.document(work, request.actor, AuditKind.DOCUMENT_SENT, saved)
        return begun

    async def _make_way(self, work: UnitOfWork, request: RegisterRequest) -> Document | None:
        """An older file of the same source that is not taken in yet gives way to this one, unless somebody is at it."""
        older = await work.documents.find_in_progress(request.source) if request.source else None
        if older is None:
            return None
        job = await work.jobs.latest_of(older.id)
        if older.state is DocumentState.PROCESSANDO and job and not self._is_free(job):
            raise IngestionInProgress("Outro arquivo da mesma origem está sendo ingerido agora; repita em instantes.")
        await work.jobs.cancel(older.id, _REPLACED)
        await work.documents.change_state(older.id, DocumentState.FALHOU)
        return older

    async def _explain(self, request: RegisterRequest, sha256: bytes, error: DuplicateDocument) -> Registered:
        """Somebody was faster by a moment: the unique index said so, and now it can be seen who."""
        async with self._open_work() as work:
            if found := await self._known(work, request, sha256):
                return found
        raise DuplicateDocument("Um arquivo da mesma origem está sendo ingerido; repita em instantes.") from error
