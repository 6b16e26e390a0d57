"""Ingestion: a document is taken in whole or not at all, never twice, and nothing is paid for twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from balcao.application import job_attempts
from balcao.application.ingestion import JobProgress
from balcao.application.ports import EmbeddingBatch
from balcao.domain.document import DocumentChunk, DocumentState, ExtractedDocument
from balcao.domain.ente import Ente
from balcao.domain.errors import (
    DuplicateDocument,
    EmptyFile,
    IngestionCancelled,
    IngestionInProgress,
    ProviderUnavailable,
    UnsupportedFormat,
    WrongDocumentState,
)
from balcao.domain.ingestion_job import MAX_FAILURES, JobState, JobStep
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.repositories.vectors import PostgresVectorRepository
from tests.fakes import FakeEmbedder, FakeExtractor
from tests.ingestion import ARTICLES, TABLES, Ingestion, rows


@pytest.fixture
def ingestion(database: Database, tmp_path: Path) -> Ingestion:
    return Ingestion(database=database, folder=tmp_path)


async def test_a_document_becomes_visible_with_all_its_parts(
    ingestion: Ingestion, database: Database, admin: asyncpg.Connection
) -> None:
    reports: list[JobProgress] = []
    result = await ingestion.ingest(progress=reports.append)
    counted = await rows(admin)
    assert counted["documento"] == 1
    assert counted["documento_chunk"] == counted["documento_embedding"] == result.chunks == 9
    assert counted["documento_termo"] > 9
    assert counted["vetor_pago"] == 0
    assert result.usage.total_tokens == 9
    assert [report.step for report in reports] == sorted((report.step for report in reports), key=list(JobStep).index)
    assert (reports[-1].done, reports[-1].total, reports[-1].tokens) == (9, 9, 9)
    async with database.tenant() as work:
        document = await work.documents.find_by_id(result.document_id)
        chunks = await work.chunks.find_chunks_by_document_id(result.document_id)
    assert document is not None
    assert document.state is DocumentState.DISPONIVEL
    assert await ingestion.storage.exists(document.file_path)
    assert all(document.content[chunk.start_char : chunk.end_char] == chunk.original_content for chunk in chunks)
    status = await ingestion.collection.read_ingestion.execute(result.document_id)
    assert status.job is not None
    assert (status.job.state, status.percent, status.job.tokens) == (JobState.CONCLUIDO, 100, 9)


async def test_until_it_is_published_nobody_finds_it(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    registered = await ingestion.register(inline=False)
    assert registered.state is DocumentState.PROCESSANDO
    assert await admin.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'queued'") == 1
    assert await rows(admin) == {table: int(table == "documento") for table in TABLES}
    status = await ingestion.collection.read_ingestion.execute(registered.document_id)
    assert (status.document.state, status.percent) == (DocumentState.PROCESSANDO, 0)


async def test_the_second_time_adds_nothing_and_costs_nothing(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    first = await ingestion.ingest()
    before = await rows(admin)
    embedder = FakeEmbedder()
    with pytest.raises(DuplicateDocument) as caught:
        await ingestion.another(embedder).ingest()
    assert caught.value.document_id == first.document_id
    assert embedder.embedded == []
    assert await rows(admin) == before


async def test_the_same_text_in_another_file_is_refused(ingestion: Ingestion) -> None:
    first = await ingestion.ingest()
    embedder = FakeEmbedder()
    with pytest.raises(DuplicateDocument, match="mesmo texto") as caught:
        await ingestion.another(embedder).ingest(ARTICLES.replace("\n", "\n\n"), "copia.txt")
    assert caught.value.document_id == first.document_id
    assert embedder.embedded == []


async def test_a_format_that_is_not_read_is_refused_before_it_is_stored(ingestion: Ingestion) -> None:
    with pytest.raises(UnsupportedFormat):
        await ingestion.ingest("PK", "arquivos.zip")
    assert ingestion.storage.kept == {}


async def test_a_changed_file_of_a_source_becomes_the_next_version(
    ingestion: Ingestion, database: Database, admin: asyncpg.Connection
) -> None:
    first = await ingestion.ingest(source="https://prefeitura.example/lei")
    second = await ingestion.ingest(f"{ARTICLES}\nArt. 10. Mudou.", source="https://prefeitura.example/lei")
    assert (first.version, second.version) == (1, 2)
    async with database.tenant() as work:
        old = await work.documents.find_by_id(first.document_id)
        kept = await work.chunks.find_chunks_by_document_id(first.document_id)
        current = await work.documents.find_by_source("https://prefeitura.example/lei")
    assert old is not None
    assert current is not None
    assert (old.state, old.replaced_by, current.id) == (DocumentState.SUBSTITUIDO, current.id, second.document_id)
    assert len(kept) == 9, "old answers keep pointing at what they cited"
    found = "SELECT count(*) FROM {} WHERE documento_id = $1"
    assert await admin.fetchval(found.format("documento_embedding"), first.document_id) == 0
    assert await admin.fetchval(found.format("documento_termo"), first.document_id) == 0
    assert await admin.fetchval(found.format("documento_chunk_termos"), first.document_id) == 0
    back = await ingestion.ingest(source="https://prefeitura.example/lei")
    assert back.version == 3


async def test_an_older_file_on_its_way_gives_way_to_the_newer_one_of_its_source(ingestion: Ingestion) -> None:
    first = await ingestion.register("Art. 1º Um.", source="lei", inline=False)
    second = await ingestion.ingest("Art. 1º Dois.", source="lei")
    status = await ingestion.collection.read_ingestion.execute(first.document_id)
    assert status.job is not None
    assert (status.document.state, status.job.state) == (DocumentState.FALHOU, JobState.CANCELADO)
    assert second.state is DocumentState.DISPONIVEL
    with pytest.raises(IngestionCancelled):
        await ingestion.collection.process.execute(first.job_id)


async def test_a_failure_between_document_and_embeddings_leaves_nothing_visible(
    ingestion: Ingestion, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: PostgresVectorRepository, _chunks: list[DocumentChunk]) -> int:
        raise ConnectionError("cut")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresVectorRepository, "add_chunk_embeddings", fail)
        with pytest.raises(ConnectionError):
            await ingestion.ingest()
    assert await rows(admin) == {table: {"documento": 1, "vetor_pago": 9}.get(table, 0) for table in TABLES}
    assert await admin.fetchval("SELECT estado FROM documento") == "processando"
    ingestion.die()
    embedder = FakeEmbedder()
    result = await ingestion.another(embedder).ingest()
    assert (result.state, embedder.embedded) == (DocumentState.DISPONIVEL, [])


async def test_what_was_paid_before_the_provider_failed_is_not_paid_again(
    ingestion: Ingestion, admin: asyncpg.Connection
) -> None:
    first = FakeEmbedder(fail_after=5)
    with pytest.raises(ProviderUnavailable):
        await ingestion.another(first).ingest()
    counted = await rows(admin)
    assert (counted["documento"], counted["documento_chunk"], counted["vetor_pago"]) == (1, 0, 4)
    assert await admin.fetchval("SELECT count(*) FROM pgqueuer WHERE execute_after > now()") == 1
    second = FakeEmbedder()
    result = await ingestion.another(second).ingest()
    assert (len(first.embedded), len(second.embedded), result.usage.total_tokens) == (4, 5, 5)
    assert (await rows(admin))["vetor_pago"] == 0
    status = await ingestion.collection.read_ingestion.execute(result.document_id)
    assert status.job is not None
    assert (status.job.tokens, status.job.attempts, status.job.failures) == (9, 2, 1)


async def test_what_keeps_failing_waits_for_a_person(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    registered = await ingestion.register(inline=False)
    dead = ingestion.another(FakeEmbedder(fail_after=0))
    for _ in range(MAX_FAILURES):
        with pytest.raises(ProviderUnavailable):
            await dead.collection.process.execute(registered.job_id)
    with pytest.raises(IngestionCancelled):
        await dead.collection.process.execute(registered.job_id)
    status = await ingestion.collection.read_ingestion.execute(registered.document_id)
    assert status.job is not None
    assert (status.job.state, status.job.error_code) == (JobState.FALHOU, "provider_unavailable")
    assert status.document.state is DocumentState.FALHOU
    again = await ingestion.collection.retry.execute(registered.document_id)
    assert again.document_id == registered.document_id
    assert (await ingestion.collection.process.execute(again.job_id)).state is DocumentState.DISPONIVEL


async def test_a_job_that_kills_its_process_does_not_go_round_for_ever(ingestion: Ingestion) -> None:
    registered = await ingestion.register(inline=False)
    for _ in range(MAX_FAILURES + 1):
        victim = ingestion.another()
        async with ingestion.database.ingestion() as work:
            assert await work.jobs.claim(registered.job_id, victim.name)
        victim.die()
        await ingestion.collection.recover.execute()
    with pytest.raises(IngestionCancelled, match="caiu"):
        await ingestion.collection.process.execute(registered.job_id)
    status = await ingestion.collection.read_ingestion.execute(registered.document_id)
    assert (status.document.state, status.job and status.job.state) == (DocumentState.FALHOU, JobState.FALHOU)


async def test_many_at_once_make_one_document(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    tries = [ingestion.another().ingest() for _ in range(8)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, DuplicateDocument | IngestionInProgress)]
    assert len(refused) == 7, outcomes
    assert (await rows(admin))["documento"] == 1


async def test_many_uploads_at_once_point_to_the_one(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    outcomes = await asyncio.gather(*(ingestion.register(inline=False) for _ in range(8)), return_exceptions=True)
    (document_id,) = [row["id"] for row in await admin.fetch("SELECT id FROM documento")]
    pointing = [item.document_id for item in outcomes if isinstance(item, DuplicateDocument)]
    assert pointing == [document_id] * 7
    assert len(ingestion.storage.kept) == 1


async def test_what_a_dead_process_left_is_taken_up_by_the_next_command(ingestion: Ingestion) -> None:
    victim = ingestion.another()
    registered = await victim.register()
    async with ingestion.database.ingestion() as work:
        assert await work.jobs.claim(registered.job_id, victim.name)
    with pytest.raises(DuplicateDocument, match="sendo ingerido"):
        await ingestion.ingest()
    victim.die()
    result = await ingestion.ingest()
    assert (result.document_id, result.state) == (registered.document_id, DocumentState.DISPONIVEL)


async def test_what_gives_no_sign_of_life_is_put_back_once(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    victim = ingestion.another()
    registered = await victim.register()
    async with ingestion.database.ingestion() as work:
        assert await work.jobs.claim(registered.job_id, victim.name)
    assert await ingestion.collection.recover.execute() == 0
    await admin.execute("UPDATE trabalho_ingestao SET batimento = now() - interval '61 seconds'")
    assert await ingestion.collection.recover.execute() == 1
    assert await ingestion.collection.recover.execute() == 0
    assert await admin.fetchval("SELECT count(*) FROM pgqueuer") == 1
    assert (await ingestion.collection.process.execute(registered.job_id)).state is DocumentState.DISPONIVEL


async def test_a_job_that_nobody_was_told_of_is_announced(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    await ingestion.register()
    assert await ingestion.collection.recover.execute() == 0, "the command that registered it is about to begin"
    await admin.execute("UPDATE trabalho_ingestao SET atualizado_em = now() - interval '61 seconds'")
    assert await ingestion.collection.recover.execute() == 1
    assert await ingestion.collection.recover.execute() == 0


async def test_who_was_taken_over_publishes_nothing(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    class StalledEmbedder(FakeEmbedder):
        def __init__(self) -> None:
            super().__init__(batch_size=100)
            self.waits = asyncio.Event()
            self.goes_on = asyncio.Event()

        async def embed(self, texts):  # type: ignore[no-untyped-def]
            self.waits.set()
            await self.goes_on.wait()
            return await super().embed(texts)

    stalled = StalledEmbedder()
    slow = asyncio.create_task(ingestion.another(stalled).ingest())
    await stalled.waits.wait()
    await admin.execute("UPDATE trabalho_ingestao SET batimento = now() - interval '61 seconds'")
    (job_id,) = [row["id"] for row in await admin.fetch("SELECT id FROM trabalho_ingestao")]
    result = await ingestion.collection.process.execute(job_id)
    stalled.goes_on.set()
    with pytest.raises(IngestionCancelled):
        await slow
    assert (await rows(admin))["documento_chunk"] == result.chunks == 9


async def test_cancellation_stops_before_the_next_batch(ingestion: Ingestion, admin: asyncpg.Connection) -> None:
    registered = await ingestion.register(inline=False)

    class CancelledDuringTheSecond(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> EmbeddingBatch:
            if len(self.embedded) == self.batch_size:
                await ingestion.collection.cancel.execute(registered.document_id)
            return await super().embed(texts)

    embedder = CancelledDuringTheSecond()
    with pytest.raises(IngestionCancelled):
        await ingestion.another(embedder).collection.process.execute(registered.job_id)
    assert len(embedder.embedded) == 2 * embedder.batch_size
    status = await ingestion.collection.read_ingestion.execute(registered.document_id)
    assert status.job is not None
    assert (status.document.state, status.job.state) == (DocumentState.FALHOU, JobState.CANCELADO)
    assert (await rows(admin))["documento_chunk"] == 0
    with pytest.raises(WrongDocumentState):
        await ingestion.collection.cancel.execute(registered.document_id)


@pytest.mark.parametrize("removed", [False, True])
async def test_what_ended_while_it_was_read_does_not_come_back(
    ingestion: Ingestion, database: Database, admin: asyncpg.Connection, removed: bool
) -> None:
    registered = await ingestion.register(inline=False)

    class EndedMeanwhile(FakeExtractor):
        async def extract(self, path: Path) -> ExtractedDocument:
            if removed:
                async with database.ingestion() as work:
                    await work.documents.delete(registered.document_id)
            else:
                await ingestion.collection.cancel.execute(registered.document_id)
            return await super().extract(path)

    ingestion = replace(ingestion, extractor=EndedMeanwhile())
    with pytest.raises(IngestionCancelled):
        await ingestion.collection.process.execute(registered.job_id)
    left = [] if removed else ["falhou"]
    assert [row["estado"] for row in await admin.fetch("SELECT estado FROM documento")] == left


async def test_an_interrupted_attempt_goes_back_to_the_queue_and_is_no_failure(
    ingestion: Ingestion, admin: asyncpg.Connection
) -> None:
    registered = await ingestion.register()
    began = asyncio.Event()
    work = asyncio.create_task(ingestion.collection.process.execute(registered.job_id, lambda _: began.set()))
    await began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    row = await admin.fetchrow("SELECT estado, falhas, executor FROM trabalho_ingestao")
    assert row is not None
    assert tuple(row) == ("na_fila", 0, None)
    assert await admin.fetchval("SELECT count(*) FROM pgqueuer") == 1
    assert (await ingestion.ingest()).document_id == registered.document_id


async def test_a_sign_of_life_that_meets_the_end_of_the_work_does_not_undo_it(
    ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_attempts, "_BEAT_SECONDS", 0.001)
    for number in range(10):
        result = await ingestion.ingest(f"Art. 1º O serviço {number} é gratuito.", f"{number}.txt")
        assert result.state is DocumentState.DISPONIVEL


async def test_a_similar_title_waits_for_a_yes_with_nothing_paid(ingestion: Ingestion) -> None:
    first = await ingestion.ingest("Art. 1º Um.", title="Código de Posturas do Município de Nova Trento")
    embedder = FakeEmbedder()
    process = ingestion.another(embedder)
    title, source = "CODIGO DE POSTURAS DO MUNICIPIO DE NOVA TRENTO", "/leis/b.txt"
    waiting = await process.ingest("Art. 1º Dois.", "b.txt", title=title, source=source)
    assert (waiting.state, waiting.related) == (DocumentState.AGUARDANDO_CONFIRMACAO, first.document_id)
    assert embedder.embedded == []
    with pytest.raises(DuplicateDocument, match="aguarda confirmação"):
        await process.register("Art. 1º Dois.", "b.txt")
    confirmed = await ingestion.collection.confirm.execute(waiting.document_id)
    result = await process.collection.process.execute(confirmed.job_id)
    assert (result.document_id, result.state) == (waiting.document_id, DocumentState.DISPONIVEL)
    with pytest.raises(WrongDocumentState):
        await ingestion.collection.confirm.execute(waiting.document_id)
    changed = await process.ingest("Art. 1º Três.", "b.txt", title=title, source=source)
    assert (changed.state, changed.version) == (DocumentState.DISPONIVEL, 2)


async def test_the_same_file_with_a_yes_is_confirmed(ingestion: Ingestion) -> None:
    await ingestion.ingest("Art. 1º Um.", title="Código de Posturas")
    waiting = await ingestion.ingest("Art. 1º Dois.", "b.txt", title="Código de posturas")
    result = await ingestion.ingest("Art. 1º Dois.", "b.txt", confirm=True)
    assert (result.document_id, result.state) == (waiting.document_id, DocumentState.DISPONIVEL)
    assert (await ingestion.ingest("Três.", "c.txt", title="código de posturas", confirm=True)).version == 1


async def test_the_issuer_is_recognised_or_given(ingestion: Ingestion) -> None:
    result = await ingestion.ingest(
        "PREFEITURA MUNICIPAL DE CURITIBA - PR\nLEI Nº 10, DE 1 DE MAIO DE 2020\n"
        "O PREFEITO DO MUNICÍPIO DE CURITIBA faz saber: Art. 1º Ok."
    )
    assert result.ente == Ente.municipio("4106902", "PR")
    result = await ingestion.ingest("Um texto qualquer", "outra.txt", ente=Ente.estado("SC"))
    assert result.ente == Ente.estado("SC")


async def test_blank_text_fails_with_its_reason_and_may_be_given_again(ingestion: Ingestion) -> None:
    with pytest.raises(EmptyFile, match=r"branco\.txt"):
        await ingestion.ingest(" \n\n ", "branco.txt")
    with pytest.raises(EmptyFile, match=r"branco\.txt"):
        await ingestion.ingest(" \n\n ", "branco.txt")


async def test_originals_without_a_document_are_swept(ingestion: Ingestion) -> None:
    result = await ingestion.ingest()
    ingestion.storage.kept |= {"aa/" + "aa" * 32 + ".txt": b"x", "copias/banco.dump": b"somebody else's"}
    sweep = ingestion.collection.sweep_originals
    assert await sweep.execute() == 0
    assert await sweep.execute(grace=timedelta(seconds=-1)) == 1
    assert [key for key in ingestion.storage.kept if not key.endswith(".txt")] == ["copias/banco.dump"]
    assert len(ingestion.storage.kept) == 2
    assert (await ingestion.collection.read_ingestion.execute(result.document_id)).percent == 100


async def test_a_norm_of_nobody_in_particular_is_remarked_upon(ingestion: Ingestion) -> None:
    norm = await ingestion.ingest("Art. 1º O horário é das 8 às 17 horas.", "p.txt", title="Portaria nº 77/2026")
    assert norm.reason is not None
    assert "responde a toda prefeitura" in norm.reason
    given = await ingestion.ingest("Art. 1º Outro.", "q.txt", title="Portaria nº 78/2026", ente=Ente.geral())
    manual = await ingestion.ingest("Como pedir férias.", "m.txt", title="Manual de férias")
    assert (given.reason, manual.reason) == (None, None)
