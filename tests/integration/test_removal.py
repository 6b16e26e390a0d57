"""A document that is removed leaves its original to the sweep, and to whoever takes the same file in meanwhile."""

from datetime import timedelta
from pathlib import Path

from balcao.application.audit_trail import AuditTrail
from balcao.application.use_cases.remove_document import RemoveDocumentUseCase
from balcao.domain.document import DocumentState
from balcao.infrastructure.database.database import Database
from tests.fakes import FakeClock
from tests.ingestion import Ingestion

EVERYTHING = timedelta(seconds=-1)


async def test_the_same_file_taken_in_beside_a_removal_keeps_its_original(database: Database, tmp_path: Path) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path)
    remove = RemoveDocumentUseCase(database.ingestion, AuditTrail(FakeClock()))
    first = await ingestion.ingest()
    (original,) = ingestion.storage.kept
    await remove.execute(first.document_id)
    assert list(ingestion.storage.kept) == [original]
    again = await ingestion.ingest()
    assert again.state is DocumentState.DISPONIVEL
    assert await ingestion.collection.sweep_originals.execute(EVERYTHING) == 0
    await remove.execute(again.document_id)
    assert await ingestion.collection.sweep_originals.execute(EVERYTHING) == 1
    assert ingestion.storage.kept == {}
