"""The use cases of the collection of documents, wired by hand."""

from dataclasses import dataclass

from balcao.application.audit_trail import AuditTrail
from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.document_reader import DocumentReader
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.job_attempts import JobAttempts
from balcao.application.ports import (
    Clock,
    Embedder,
    FileStorage,
    MunicipalityDirectory,
    Processes,
    TextExtractor,
    TokenCounter,
)
from balcao.application.unit_of_work import InstallationUnitOfWork, TenantUnitOfWork
from balcao.application.use_cases.abandon_attempt import AbandonAttemptUseCase
from balcao.application.use_cases.cancel_ingestion import CancelIngestionUseCase
from balcao.application.use_cases.confirm_document import ConfirmDocumentUseCase
from balcao.application.use_cases.index_vectors import IndexVectorsUseCase
from balcao.application.use_cases.process_document import ProcessDocumentUseCase
from balcao.application.use_cases.read_ingestion import ReadIngestionUseCase
from balcao.application.use_cases.recover_ingestion import RecoverIngestionUseCase
from balcao.application.use_cases.register_document import RegisterDocumentUseCase
from balcao.application.use_cases.retry_ingestion import RetryIngestionUseCase
from balcao.application.use_cases.simulate_ingestion import SimulateIngestionUseCase
from balcao.application.use_cases.sweep_originals import SweepOriginalsUseCase
from balcao.application.vector_index import VectorIndexing
from balcao.domain.text_chunker import TextChunker


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What the interfaces may do about documents coming in."""

    register: RegisterDocumentUseCase
    process: ProcessDocumentUseCase
    abandon: AbandonAttemptUseCase
    simulate: SimulateIngestionUseCase
    read_ingestion: ReadIngestionUseCase
    cancel: CancelIngestionUseCase
    confirm: ConfirmDocumentUseCase
    retry: RetryIngestionUseCase
    recover: RecoverIngestionUseCase
    index_vectors: IndexVectorsUseCase
    sweep_originals: SweepOriginalsUseCase


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionParts:
    """What the use cases work with."""

    storage: FileStorage
    extractor: TextExtractor
    embedder: Embedder
    chunker: TextChunker
    tokens: TokenCounter
    directory: MunicipalityDirectory
    processes: Processes
    clock: Clock
    charges: IngestionCharges
    trail: AuditTrail


def wire_collection(
    open_work: InstallationUnitOfWork, open_reading: TenantUnitOfWork, parts: CollectionParts
) -> Collection:
    """The use cases over these parts."""
    reader = DocumentReader(parts.extractor, parts.chunker, parts.directory)
    embedder = ChunkEmbedder(open_work, parts.embedder, parts.charges)
    attempts = JobAttempts(open_work, parts.processes)
    indexing = VectorIndexing(open_work)
    return Collection(
        register=RegisterDocumentUseCase(open_work, parts.storage, parts.extractor, parts.processes, parts.trail),
        process=ProcessDocumentUseCase(open_work, attempts, parts.storage, reader, embedder, parts.trail, indexing),
        abandon=AbandonAttemptUseCase(open_work, attempts, parts.processes),
        simulate=SimulateIngestionUseCase(open_work, parts.storage, parts.extractor, reader, embedder, parts.tokens),
        read_ingestion=ReadIngestionUseCase(open_reading),
        cancel=CancelIngestionUseCase(open_work, parts.trail),
        confirm=ConfirmDocumentUseCase(open_work, parts.trail),
        retry=RetryIngestionUseCase(open_work, parts.trail),
        recover=RecoverIngestionUseCase(open_work, parts.processes),
        index_vectors=IndexVectorsUseCase(indexing),
        sweep_originals=SweepOriginalsUseCase(open_work, parts.storage, parts.clock),
    )
