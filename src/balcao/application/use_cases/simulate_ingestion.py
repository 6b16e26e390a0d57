"""What taking a file in would do, and what it would cost; nothing is written and nobody is asked for a vector."""

from dataclasses import dataclass
from decimal import Decimal

from balcao.application.chunk_embedding import ChunkEmbedder
from balcao.application.document_reader import DocumentReader
from balcao.application.ingestion import FileToIngest, Outcome, digest_of, document_of, resembles
from balcao.application.ports import FileStorage, TextExtractor, TokenCounter
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import Document
from balcao.domain.document_service import DocumentService
from balcao.domain.ente import Ente
from balcao.domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """``tokens`` would have to be paid for, with ``reais``, None where the price is not known.

    ``text_sha256`` is that of the text as it is compared with others. ``exact`` is False where the tokens are an upper
    estimate.
    """

    outcome: Outcome
    text_sha256: bytes | None
    title: str
    ente: Ente
    chunks: int
    tokens: int
    reais: Decimal | None
    exact: bool
    related: DocumentId | None = None
    reason: str | None = None


class SimulateIngestionUseCase:
    """Reads and divides the file as ingestion would, and compares it with the collection."""

    def __init__(
        self,
        open_work: InstallationUnitOfWork,
        storage: FileStorage,
        extractor: TextExtractor,
        reader: DocumentReader,
        embedder: ChunkEmbedder,
        tokens: TokenCounter,
    ) -> None:
        self._open_work = open_work
        self._storage = storage
        self._extractor = extractor
        self._reader = reader
        self._embedder = embedder
        self._tokens = tokens

    async def execute(self, file: FileToIngest) -> Simulation:
        """Simulate.

        Raises:
            UnusableFile: it would fail; the message names it.
            DuplicateDocument: it would be refused; with the id of the document that is there.
        """
        sha256 = await digest_of(self._storage, file)
        self._extractor.check_name(file.file_name)
        async with self._open_work() as work:
            await DocumentService(work.documents).refuse_same_bytes(sha256)
        extracted = await self._reader.extract(file.path)
        title = None if file.title else extracted.title
        ente = file.ente or self._reader.issuer(extracted)
        async with self._open_work() as work:
            service = DocumentService(work.documents)
            document = await service.with_text(document_of(file, sha256), extracted, title=title, ente=ente)
            alike = None if file.confirm else await service.similar_to(document)
            older = await work.documents.find_by_source(file.source) if file.source else None
        chunks = self._reader.chunks(document, extracted)
        unpaid = await self._embedder.unpaid(chunks)
        tokens = 0 if alike else sum(self._tokens.count(text) for text in unpaid)
        return Simulation(
            outcome=_outcome(alike, older),
            text_sha256=document.text_sha256,
            title=document.title,
            ente=document.ente,
            chunks=len(chunks),
            tokens=tokens,
            reais=self._embedder.price(tokens),
            exact=self._tokens.exact,
            related=alike.id if alike else older.id if older else None,
            reason=resembles(alike) if alike else None,
        )


def _outcome(alike: Document | None, older: Document | None) -> Outcome:
    if alike:
        return Outcome.PARECIDO
    return Outcome.ATUALIZADO if older else Outcome.NOVO
