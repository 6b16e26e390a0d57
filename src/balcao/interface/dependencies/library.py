"""The use cases of the documents that people find, open and describe, and of files that arrive, wired by hand."""

from dataclasses import dataclass
from pathlib import Path

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import Clock, FileStorage, TextExtractor
from balcao.application.unit_of_work import InstallationUnitOfWork, TenantUnitOfWork
from balcao.application.use_cases.close_upload import CloseUploadUseCase
from balcao.application.use_cases.edit_document import EditDocumentUseCase
from balcao.application.use_cases.fetch_upload import FetchUploadUseCase
from balcao.application.use_cases.find_documents import FindDocumentsUseCase
from balcao.application.use_cases.open_original import OpenOriginalUseCase
from balcao.application.use_cases.read_chunks import ReadChunksUseCase
from balcao.application.use_cases.read_document import ReadDocumentUseCase
from balcao.application.use_cases.receive_upload import ReceiveUploadUseCase
from balcao.application.use_cases.start_upload import StartUploadUseCase
from balcao.infrastructure.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What the interfaces may do about documents that are there; ``reception`` holds files while they arrive."""

    reception: Path
    find: FindDocumentsUseCase
    read: ReadDocumentUseCase
    read_chunks: ReadChunksUseCase
    open_original: OpenOriginalUseCase
    edit: EditDocumentUseCase
    start_upload: StartUploadUseCase
    receive_upload: ReceiveUploadUseCase
    fetch_upload: FetchUploadUseCase
    close_upload: CloseUploadUseCase


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryParts:
    """What the use cases work with; ``open_work`` writes, ``open_reading`` reads for people."""

    open_work: InstallationUnitOfWork
    open_reading: TenantUnitOfWork
    storage: FileStorage
    extractor: TextExtractor
    clock: Clock
    trail: AuditTrail


def wire_library(settings: Settings, parts: LibraryParts) -> Library:
    """The use cases over these parts."""
    work, reading, storage, clock = parts.open_work, parts.open_reading, parts.storage, parts.clock
    return Library(
        reception=settings.balcao_data_dir / "recebidos",
        find=FindDocumentsUseCase(reading, clock),
        read=ReadDocumentUseCase(reading, clock),
        read_chunks=ReadChunksUseCase(reading),
        open_original=OpenOriginalUseCase(
            reading, storage, clock, per_address=settings.anonymous_originals_per_address
        ),
        edit=EditDocumentUseCase(work, parts.trail),
        start_upload=StartUploadUseCase(work, storage, parts.extractor, clock, max_bytes=settings.max_upload_bytes),
        receive_upload=ReceiveUploadUseCase(work, storage, clock),
        fetch_upload=FetchUploadUseCase(work, storage, clock),
        close_upload=CloseUploadUseCase(work, storage),
    )
