"""A failure that nobody foresaw ends one attempt, not the worker; and a file's name never is one."""

from pathlib import Path

import asyncpg

from balcao.domain.document import DocumentState
from balcao.domain.ingestion_job import MAX_FAILURES
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.interface.dependencies.container import open_container
from balcao.interface.runtime import Installation
from balcao.interface.worker import work
from tests.applications import settings_in
from tests.ingestion import ARTICLES, Ingestion

_BREAKS = """
    CREATE FUNCTION falha() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disco cheio'; END $$;
    CREATE TRIGGER falha BEFORE UPDATE ON documento FOR EACH ROW
        WHEN (NEW.estado = 'disponivel' AND NEW.nome_arquivo = 'ruim.txt') EXECUTE FUNCTION falha();
"""


async def test_the_worker_goes_on_after_a_failure_that_nobody_foresaw(
    accesses: DatabaseAccesses, database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    await admin.execute(_BREAKS)
    settings = settings_in(tmp_path)
    ingestion = Ingestion(database=database, folder=tmp_path)
    async with open_container(settings, accesses) as container:
        waiting = [
            await container.collection.register.execute(ingestion.request(f"Art. 1º {name}.", name, inline=False))
            for name in ("ruim.txt", "boa.txt")
        ]
    installation = Installation(settings=settings, accesses=accesses)
    assert await work(installation, until_empty=True) == 2
    states = [await admin.fetchval("SELECT estado FROM documento WHERE id = $1", each.document_id) for each in waiting]
    assert states == ["processando", "disponivel"]
    job = await admin.fetchrow("SELECT * FROM trabalho_ingestao WHERE id = $1", waiting[0].job_id)
    assert job is not None
    assert (job["estado"], job["falhas"], job["erro_codigo"]) == ("na_fila", 1, "ingestion_broken")
    assert "disco cheio" not in job["motivo"]
    assert job["nao_antes"] > job["criado_em"]
    await admin.execute("UPDATE trabalho_ingestao SET falhas = $1 WHERE estado = 'na_fila'", MAX_FAILURES - 1)
    await admin.execute("UPDATE pgqueuer SET execute_after = now()")
    assert await work(installation, until_empty=True) == 1
    assert await admin.fetchval("SELECT estado FROM documento WHERE id = $1", waiting[0].document_id) == "falhou"


async def test_an_attempt_that_another_process_has_is_left_alone(
    database: Database, admin: asyncpg.Connection, tmp_path: Path
) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path)
    registered = await ingestion.register(inline=False)
    await ingestion.collection.abandon.execute(registered.job_id)
    async with database.ingestion() as work:
        await work.jobs.claim(registered.job_id, "outro processo")
    await ingestion.collection.abandon.execute(registered.job_id)
    row = await admin.fetchrow("SELECT estado, falhas FROM trabalho_ingestao")
    assert row is not None
    assert tuple(row) == ("executando", 0)


async def test_a_name_longer_in_bytes_than_files_may_have_is_cut(database: Database, tmp_path: Path) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path)
    request = ingestion.request(ARTICLES, "lei.txt", file_name="㐀" * 100 + ".txt")
    registered = await ingestion.collection.register.execute(request)
    processed = await ingestion.collection.process.execute(registered.job_id)
    assert processed.state is DocumentState.DISPONIVEL
