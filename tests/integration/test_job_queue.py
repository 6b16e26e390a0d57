"""The workers' end of the queue: one connection, on which signs of life and the end of a job never meet."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import asyncpg
import pytest

from balcao.domain.ids import JobId
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external import job_queue
from balcao.infrastructure.external.job_queue import JobQueue
from balcao.interface import worker
from balcao.interface.dependencies.container import Container
from tests.ingestion import Ingestion


async def test_an_interrupted_job_leaves_no_entry_though_its_signs_of_life_never_rest(
    database: Database,
    accesses: DatabaseAccesses,
    admin: asyncpg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_queue, "_BEAT_SECONDS", 0)
    ingestion = Ingestion(database=database, folder=tmp_path)
    begun = asyncio.Event()

    async def read_for_ever(_job_id: JobId) -> None:
        begun.set()
        await asyncio.Event().wait()

    collection = SimpleNamespace(process=SimpleNamespace(execute=read_for_ever))
    container = cast("Container", SimpleNamespace(collection=collection))
    async with JobQueue(accesses.ingestion) as queue:
        for number in range(5):
            begun.clear()
            await ingestion.register(f"Lei {number} do município", f"{number}.txt", inline=False)
            taken = await queue.take()
            assert taken is not None
            doing = asyncio.create_task(worker._do(container, queue, taken))
            await begun.wait()
            for _ in range(number):
                await asyncio.sleep(0)
            doing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await doing
    assert await admin.fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_a_cancellation_that_comes_with_news_is_not_forgotten(accesses: DatabaseAccesses) -> None:
    async with JobQueue(accesses.ingestion) as queue:
        waiting = asyncio.create_task(queue.wait(60))
        await asyncio.sleep(0)
        queue._hear()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 8, 16, 32])
async def test_who_is_told_to_end_while_taking_an_entry_leaves_it_to_the_next(
    database: Database, accesses: DatabaseAccesses, admin: asyncpg.Connection, tmp_path: Path, steps: int
) -> None:
    await Ingestion(database=database, folder=tmp_path).register(inline=False)
    async with JobQueue(accesses.ingestion) as queue:
        taking = asyncio.create_task(worker._take(queue))
        await _after(steps, taking)
    assert taking.done()
    if taking.cancelled():
        assert await admin.fetchval("SELECT status::text FROM pgqueuer") == "queued"
    async with JobQueue(accesses.ingestion) as queue:
        assert taking.cancelled() == (await queue.take() is not None)


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 8, 16, 32, 64])
async def test_who_is_told_to_end_while_claiming_a_job_gives_it_back(
    database: Database, admin: asyncpg.Connection, tmp_path: Path, steps: int
) -> None:
    ingestion = Ingestion(database=database, folder=tmp_path)
    registered = await ingestion.register(inline=False)
    processing = asyncio.create_task(ingestion.collection.process.execute(registered.job_id))
    await _after(steps, processing)
    assert processing.cancelled()
    assert await admin.fetchval("SELECT estado FROM trabalho_ingestao") == "na_fila"


async def _after(steps: int, task: asyncio.Task[object]) -> None:
    """Cancel the task so many turns of the loop from now, and wait for its end."""
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
