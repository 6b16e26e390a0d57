"""Ingestion: a document is taken in whole or not at all, never twice, and nothing is paid for twice."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from balcao.application.audit_trail import AuditTrail
from balcao.application.ingestion_charges import IngestionCharges
from balcao.application.ports import Embedder
from balcao.application.use_cases.ingest_document import IngestDocumentUseCase, IngestRequest
from balcao.domain.document import DocumentChunk
from balcao.domain.ente import Ente
from balcao.domain.errors import DuplicateDocument, EmptyFile, ProviderUnavailable
from balcao.domain.text_chunker import TextChunker
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.municipalities import IbgeMunicipalityDirectory
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository
from tests.factories import NO_PRICES
from tests.fakes import FakeClock, FakeEmbedder, FakeExtractor, FakeStorage

ARTICLES = "\n".join(f"Art. {number}º O serviço {number} tem prazo de {number} dias úteis." for number in range(1, 10))
TABLES = ("documento", "documento_chunk", "documento_embedding", "documento_termo", "vetor_pago")


@pytest.fixture
def storage() -> FakeStorage:
    return FakeStorage()


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "lei.txt"
    path.write_text(ARTICLES, encoding="utf-8")
    return path


def ingestion(database: Database, storage: FakeStorage, embedder: Embedder | None = None) -> IngestDocumentUseCase:
    return IngestDocumentUseCase(
        database.ingestion,
        FakeExtractor(),
        storage,
        embedder or FakeEmbedder(),
        TextChunker(chunk_size=12, overlap=0, count_tokens=lambda text: len(text.split())),
        IbgeMunicipalityDirectory(),
        IngestionCharges(NO_PRICES, FakeClock()),
        AuditTrail(FakeClock()),
    )


async def rows(admin: asyncpg.Connection) -> dict[str, int]:
    return {table: await admin.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_a_document_becomes_visible_with_all_its_parts(
    database: Database, storage: FakeStorage, law: Path, admin: asyncpg.Connection
) -> None:
    steps: list[tuple[int, int]] = []
    result = await ingestion(database, storage).execute(
        IngestRequest(path=law), lambda done, total: steps.append((done, total))
    )
    counted = await rows(admin)
    assert counted["documento"] == 1
    assert counted["documento_chunk"] == counted["documento_embedding"] == result.chunks == 9
    assert counted["documento_termo"] > 9
    assert counted["vetor_pago"] == 0
    assert result.usage.total_tokens == 9
    assert (steps[0], steps[-1]) == ((0, 9), (9, 9))
    async with database.tenant() as work:
        document = await work.documents.find_by_id(result.document_id)
        chunks = await work.chunks.find_chunks_by_document_id(result.document_id)
    assert document is not None
    assert await storage.exists(document.file_path)
    assert all(document.content[chunk.start_char : chunk.end_char] == chunk.original_content for chunk in chunks)


async def test_the_second_time_adds_nothing_and_costs_nothing(
    database: Database, storage: FakeStorage, law: Path, admin: asyncpg.Connection
) -> None:
    first = await ingestion(database, storage).execute(IngestRequest(path=law))
    before = await rows(admin)
    embedder = FakeEmbedder()
    with pytest.raises(DuplicateDocument) as caught:
        await ingestion(database, storage, embedder).execute(IngestRequest(path=law))
    assert caught.value.document_id == first.document_id
    assert embedder.embedded == []
    assert await rows(admin) == before


async def test_the_same_text_in_another_file_is_refused(database: Database, storage: FakeStorage, law: Path) -> None:
    first = await ingestion(database, storage).execute(IngestRequest(path=law))
    copy = law.with_name("copia.txt")
    copy.write_text(ARTICLES.replace("\n", "\n\n"), encoding="utf-8")
    with pytest.raises(DuplicateDocument, match="mesmo texto") as caught:
        await ingestion(database, storage).execute(IngestRequest(path=copy))
    assert caught.value.document_id == first.document_id


async def test_a_changed_file_says_what_to_do(database: Database, storage: FakeStorage, law: Path) -> None:
    first = await ingestion(database, storage).execute(IngestRequest(path=law))
    law.write_text(ARTICLES + "\nArt. 10. Mudou.", encoding="utf-8")
    with pytest.raises(DuplicateDocument, match=f"documentos remover {first.document_id}"):
        await ingestion(database, storage).execute(IngestRequest(path=law))


async def test_a_failure_between_document_and_embeddings_leaves_nothing(
    database: Database, storage: FakeStorage, law: Path, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: PostgresVectorRepository, _chunks: list[DocumentChunk]) -> int:
        raise ConnectionError("cut")

    class FreeEmbedder(FakeEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.is_paid = False

    with monkeypatch.context() as patch:
        patch.setattr(PostgresVectorRepository, "add_chunk_embeddings", fail)
        with pytest.raises(ConnectionError):
            await ingestion(database, storage, FreeEmbedder()).execute(IngestRequest(path=law))
    assert set((await rows(admin)).values()) == {0}


async def test_what_was_paid_before_the_provider_failed_is_not_paid_again(
    database: Database, storage: FakeStorage, law: Path, admin: asyncpg.Connection
) -> None:
    first = FakeEmbedder(fail_after=5)
    with pytest.raises(ProviderUnavailable):
        await ingestion(database, storage, first).execute(IngestRequest(path=law))
    assert await rows(admin) == {table: 4 * (table == "vetor_pago") for table in TABLES}
    second = FakeEmbedder()
    result = await ingestion(database, storage, second).execute(IngestRequest(path=law))
    assert (len(first.embedded), len(second.embedded), result.usage.total_tokens) == (4, 5, 5)
    assert (await rows(admin))["vetor_pago"] == 0


async def test_many_at_once_make_one_document(
    database: Database, storage: FakeStorage, law: Path, admin: asyncpg.Connection
) -> None:
    tries = [ingestion(database, storage).execute(IngestRequest(path=law)) for _ in range(8)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, DuplicateDocument) for outcome in outcomes) == 7
    assert (await rows(admin))["documento"] == 1


async def test_the_issuer_is_recognised_or_given(database: Database, storage: FakeStorage, tmp_path: Path) -> None:
    law = tmp_path / "lei.txt"
    law.write_text(
        "PREFEITURA MUNICIPAL DE CURITIBA - PR\nLEI Nº 10, DE 1 DE MAIO DE 2020\n"
        "O PREFEITO DO MUNICÍPIO DE CURITIBA faz saber: Art. 1º Ok.",
        encoding="utf-8",
    )
    result = await ingestion(database, storage).execute(IngestRequest(path=law))
    assert result.ente == Ente.municipio("4106902", "PR")
    other = tmp_path / "outra.txt"
    other.write_text("Um texto qualquer", encoding="utf-8")
    result = await ingestion(database, storage).execute(IngestRequest(path=other, ente=Ente.estado("SC")))
    assert result.ente == Ente.estado("SC")


async def test_blank_text_is_refused(database: Database, storage: FakeStorage, tmp_path: Path) -> None:
    blank = tmp_path / "branco.txt"
    blank.write_text(" \n\n ", encoding="utf-8")
    with pytest.raises(EmptyFile, match=r"branco\.txt"):
        await ingestion(database, storage).execute(IngestRequest(path=blank))
