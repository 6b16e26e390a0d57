"""Works through the queue of documents, one at a time: as ``balcao trabalhador``, or as the server's child process."""

import asyncio
import sys
import time
from typing import NoReturn, TextIO

import structlog

from balcao.application.cancellation import undone_if_cancelled
from balcao.domain.errors import BalcaoError, DatabaseUnreachable
from balcao.infrastructure.external.job_queue import JobQueue, QueueEntry
from balcao.interface import runtime
from balcao.interface.dependencies.container import Container

_SECONDS_BETWEEN_LOOKS = 5.0
_SECONDS_BETWEEN_RECOVERIES = 60.0
_SECONDS_WITHOUT_DATABASE = 5.0
_SECONDS_AFTER_FAILURE = 5.0
_log = structlog.get_logger("balcao.worker")


async def work(installation: runtime.Installation, *, until_empty: bool = False) -> int:
    """Do jobs until cancelled, or until the queue is empty; how many. What is at work then goes back to the queue.

    A database that is away is waited for; of any other failure the log tells. Raises what keeps the program from
    starting.
    """
    async with installation.container() as container:
        done = 0
        while True:
            try:
                async with JobQueue(installation.accesses.ingestion) as queue:
                    done += await _work_through(container, queue, until_empty=until_empty)
                    return done
            except DatabaseUnreachable as error:
                if until_empty:
                    raise
                _log.warning("database_away", error_code=error.code)
                await asyncio.sleep(_SECONDS_WITHOUT_DATABASE)
            except BalcaoError:
                raise
            except Exception:
                if until_empty:
                    raise
                _log.exception("worker_broke")
                await asyncio.sleep(_SECONDS_AFTER_FAILURE)


async def _work_through(container: Container, queue: JobQueue, *, until_empty: bool) -> int:
    done = 0
    recovered = float("-inf")
    while True:
        if time.monotonic() - recovered >= _SECONDS_BETWEEN_RECOVERIES:
            await container.collection.recover.execute()
            recovered = time.monotonic()
        taken = await _take(queue)
        if taken:
            await _do(container, queue, taken)
            done += 1
        elif await container.collection.index_vectors.execute():
            continue
        elif until_empty:
            return done
        else:
            await queue.wait(_SECONDS_BETWEEN_LOOKS)


async def _take(queue: JobQueue) -> QueueEntry | None:
    async def put_back(taken: QueueEntry | None) -> None:
        if taken:
            await queue.put_back(taken)

    return await undone_if_cancelled(queue.take(), put_back)


async def _do(container: Container, queue: JobQueue, taken: QueueEntry) -> None:
    """Do one job; its end is in its row, so that here it is only told to the log."""
    try:
        async with queue.kept(taken):
            await _process(container, taken)
    except DatabaseUnreachable:
        raise  # the entry stays this process's until it is stale
    except BaseException:
        await asyncio.shield(queue.done(taken))
        raise
    await queue.done(taken)


async def _process(container: Container, taken: QueueEntry) -> None:
    started = time.monotonic()
    try:
        processed = await container.collection.process.execute(taken.job_id)
    except DatabaseUnreachable:
        raise
    except BalcaoError as error:
        _log.warning("job_ended", job_id=str(taken.job_id), error_code=error.code)
        return
    except Exception:  # noqa: BLE001 - the edge of the process: one file's failure must not keep the others waiting
        _log.exception("job_broke", job_id=str(taken.job_id))
        await container.collection.abandon.execute(taken.job_id)
        return
    _log.info(
        "job_done",
        job_id=str(taken.job_id),
        document_id=str(processed.document_id),
        state=processed.state,
        chunks=processed.chunks,
        tokens=processed.usage.total_tokens,
        seconds=round(time.monotonic() - started, 1),
    )


async def _end_of(pipe: TextIO) -> None:
    """Wait until the other side closes it. A thread that read it would hold the process up when that is told to end."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        await reader.read()
    finally:
        transport.close()


def child_main() -> NoReturn:
    """Entry of the server's child process, which ends with its standard input: with the server, however that ends."""

    async def action(installation: runtime.Installation) -> None:
        worker = asyncio.create_task(work(installation))
        parent = asyncio.create_task(_end_of(sys.stdin))
        done, _ = await asyncio.wait({worker, parent}, return_when=asyncio.FIRST_COMPLETED)
        for task in (worker, parent):
            task.cancel()
        await asyncio.gather(worker, parent, return_exceptions=True)
        if worker in done:
            worker.result()

    try:
        runtime.run(action)
    except BalcaoError as error:
        _log.error("worker_cannot_start", error_code=error.code)
        sys.exit(runtime.exit_code_of(error))
    sys.exit(runtime.EXIT_OK)
