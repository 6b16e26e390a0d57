"""What the use cases of ingestion share: what they tell, and how a job of a document begins."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePath
from uuid import uuid4

from balcao.application.ports import FileStorage
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.audit import Actor
from balcao.domain.document import Document, DocumentMetadata, DocumentState
from balcao.domain.ente import Ente
from balcao.domain.errors import EmptyFile
from balcao.domain.ids import DocumentId, JobId
from balcao.domain.ingestion_job import IngestionJob, JobStep
from balcao.domain.originals import original_key
from balcao.domain.text import storable_path
from balcao.domain.validity import Validity

_DIGEST_OF_NOTHING = hashlib.sha256().digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToIngest:
    """A file to take in. ``file_name`` is what it is called, ``path`` where its bytes are now.

    ``source`` is where it comes from for good; another file of it becomes its new version. Without ``title`` and
    ``ente`` they are recognised. ``confirm`` accepts a title like another's.
    """

    path: Path
    file_name: str
    source: str | None = None
    title: str | None = None
    ente: Ente | None = None
    tags: tuple[str, ...] = ()
    validity: Validity = field(default_factory=Validity)
    confirm: bool = False


class Outcome(StrEnum):
    """What becomes of a file that is neither refused nor fails: a document, its next version, or a question."""

    NOVO = "novo"
    ATUALIZADO = "atualizado"
    PARECIDO = "parecido"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A document that is being taken in, and the job that does it."""

    document_id: DocumentId
    job_id: JobId
    state: DocumentState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job is: ``done`` of ``total`` chunks of the step; ``tokens`` were paid for in this attempt."""

    step: JobStep
    done: int = 0
    total: int = 0
    tokens: int = 0


Progress = Callable[[JobProgress], None]


async def begin_job(
    work: UnitOfWork,
    document: Document,
    *,
    requested_by: Actor,
    announce: bool,
    confirmed: bool = False,
    keeps_title: bool = True,
    keeps_ente: bool = True,
) -> Registered:
    """A new job of a saved document, in the same transaction; ``announce`` tells the workers.

    Raises:
        IngestionInProgress: the document has an unfinished one.
    """
    job = await work.jobs.add(
        IngestionJob(
            id=JobId(uuid4()),
            document_id=document.id,
            confirmed=confirmed,
            keeps_title=keeps_title,
            keeps_ente=keeps_ente,
            requested_by=requested_by,
        )
    )
    if document.state is not DocumentState.PROCESSANDO:
        await work.documents.change_state(document.id, DocumentState.PROCESSANDO)
    if announce:
        await work.jobs.enqueue(job)
    return Registered(document_id=document.id, job_id=job.id, state=DocumentState.PROCESSANDO)


async def digest_of(storage: FileStorage, file: FileToIngest) -> bytes:
    """SHA-256 of the file's bytes.

    Raises:
        UnreadableFile, EmptyFile: there is nothing to store; the message names the file.
    """
    digest = await storage.digest(file.path)
    if digest == _DIGEST_OF_NOTHING:
        raise EmptyFile(f"{file.file_name}: o arquivo está vazio (0 bytes); envie um arquivo com conteúdo.")
    return digest


def document_of(file: FileToIngest, sha256: bytes) -> Document:
    """A document of which only its file is known."""
    name = storable_path(PurePath(file.file_name).name)
    suffix = PurePath(name).suffix.lower().lstrip(".")
    return Document(
        id=DocumentId(uuid4()),
        title=file.title or PurePath(name).stem or name,
        content="",
        file_path=original_key(sha256, suffix),
        sha256=sha256,
        text_sha256=None,
        ente=file.ente or Ente.geral(),
        metadata=DocumentMetadata(source=file.source, file_size=file.path.stat().st_size, file_type=suffix),
        file_name=name,
        title_given=file.title is not None,
        ente_given=file.ente is not None,
        tags=file.tags,
        validity=file.validity,
        state=DocumentState.PROCESSANDO,
    )


def resembles(alike: Document) -> str:
    """Why a document waits for a confirmation."""
    return f"O título é parecido com o de um documento que já está na coleção: {alike.title}"
