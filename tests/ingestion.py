"""Ingestion over a real database and fakes of everything else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion import Progress, Registered
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import Embedder
from balcao.application.use_cases.process_document import Processed
from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.ente import Ente
from balcao.domain.identity import Principal
from balcao.domain.prices import Prices
from balcao.domain.text_chunker import TextChunker
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.interface.dependencies.collection import Collection, CollectionParts, wire_collection
from tests.factories import NO_PRICES
from tests.fakes import FakeClock, FakeEmbedder, FakeExtractor, FakeProcesses, FakeStorage, FakeTokenCounter

ARTICLES = "\n".join(f"Art. {number}º O serviço {number} tem prazo de {number} dias úteis." for number in range(1, 10))
TABLES = (
    "documento",
    "documento_chunk",
    "documento_chunk_termos",
    "documento_embedding",
    "documento_termo",
    "vetor_pago",
)


@dataclass(frozen=True, kw_only=True)
class Ingestion:
    """The use cases, in the name of one process; other processes share ``database``, ``storage`` and ``running``."""

    database: Database
    folder: Path
    storage: FakeStorage = field(default_factory=FakeStorage)
    embedder: Embedder = field(default_factory=FakeEmbedder)
    extractor: FakeExtractor = field(default_factory=FakeExtractor)
    prices: Prices = NO_PRICES
    running: set[str] = field(default_factory=set)
    name: str = field(default_factory=lambda: uuid4().hex)
    principal: Principal | None = None

    def __post_init__(self) -> None:
        self.running.add(self.name)

    @property
    def collection(self) -> Collection:
        clock = FakeClock()
        parts = CollectionParts(
            storage=self.storage,
            extractor=self.extractor,
            embedder=self.embedder,
            chunker=TextChunker(chunk_size=12, overlap=0, count_tokens=lambda text: len(text.split())),
            tokens=FakeTokenCounter(),
            directory=IbgeMunicipalityDirectory(),
            processes=FakeProcesses(self.name, self.running),
            clock=clock,
            charges=IngestionCharges(self.prices, clock),
            trail=AuditTrail(clock),
        )
        return wire_collection(self.database.ingestion, self.database.tenant, parts)

    def another(self, embedder: Embedder | None = None) -> "Ingestion":
        """Another process, which sees the same database and storage."""
        return Ingestion(
            database=self.database,
            folder=self.folder,
            storage=self.storage,
            embedder=embedder or FakeEmbedder(),
            running=self.running,
        )

    def die(self) -> None:
        """The process is over."""
        self.running.discard(self.name)

    def file(self, text: str = ARTICLES, name: str = "lei.txt") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    async def register(
        self,
        text: str = ARTICLES,
        name: str = "lei.txt",
        *,
        source: str | None = None,
        title: str | None = None,
        ente: Ente | None = None,
        confirm: bool = False,
        inline: bool = True,
    ) -> Registered:
        request = self.request(
            text, name, source=source, title=title, ente=ente, confirm=confirm, inline=inline, principal=self.principal
        )
        return await self.collection.register.execute(request)

    def request(
        self, text: str = ARTICLES, name: str = "lei.txt", *, file_name: str | None = None, **given: object
    ) -> RegisterRequest:
        """What registers a file of this text."""
        build: Callable[..., RegisterRequest] = RegisterRequest
        return build(path=self.file(text, name), file_name=file_name or name, **given)

    async def ingest(
        self, text: str = ARTICLES, name: str = "lei.txt", progress: Progress = lambda _: None, **given: object
    ) -> Processed:
        """Register and process, as the command line does."""
        registered = await self.register(text, name, **given)  # type: ignore[arg-type]
        return await self.collection.process.execute(registered.job_id, progress)


async def rows(admin: asyncpg.Connection) -> dict[str, int]:
    return {table: await admin.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
