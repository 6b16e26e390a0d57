"""The workers' end of the queue: pgqueuer's entries over one connection of its own.

Only what pgqueuer keeps is used, not its runner: one job at a time, attempts counted in our own row (its own count
stays 0 after a kill), every end of a job written by the use case. An entry only says that there is something to do.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import asyncpg
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from balcao.domain.errors import DatabaseUnreachable
from balcao.domain.ids import JobId
from balcao.domain.ingestion_job import STALE_AFTER
from balcao.infrastructure.database.connection import DatabaseAccess, connect
from balcao.infrastructure.repositories.queue import CHANNEL, ENTRYPOINT, queue_on

_BEAT_SECONDS = STALE_AFTER.total_seconds() / 3
_ENTRYPOINTS = {QueueEntrypoint(ENTRYPOINT): EntrypointExecutionParameter(concurrency_limit=0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """Something to do: the job, and the entry that told of it."""

    job_id: JobId
    entry: Job


class JobQueue:
    """``async with JobQueue(access) as queue``. Every method raises DatabaseUnreachable when the connection is lost."""

    def __init__(self, access: DatabaseAccess) -> None:
        self._access = access
        self._me = QueueManagerId(uuid4())
        self._news = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await connect(self._access, vectors=False)
        with _losses_explained():
            await self._connection.add_listener(CHANNEL, self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await self._connection.close(timeout=5)

    async def take(self) -> QueueEntry | None:
        """The next entry, which is this process's while it is ``kept``; None when there is nothing to do."""
        self._news.clear()
        with _losses_explained():
            found = await self._queue.dequeue(
                batch_size=1,
                entrypoints=_ENTRYPOINTS,
                queue_manager_id=self._me,
                global_concurrency_limit=None,
                heartbeat_timeout=STALE_AFTER,
            )
        if not found:
            return None
        return QueueEntry(job_id=JobId(UUID((found[0].payload or b"").decode())), entry=found[0])

    @asynccontextmanager
    async def kept(self, taken: QueueEntry) -> AsyncIterator[None]:
        """Meanwhile the entry stays this process's; behind it, nothing uses the connection any more."""
        beating = asyncio.create_task(self._keep(taken))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _keep(self, taken: QueueEntry) -> None:
        """Give signs of life for the entry until cancelled."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            with _losses_explained():
                await self._queue.update_heartbeat([taken.entry.id])

    async def done(self, taken: QueueEntry) -> None:
        """Remove the entry, however its job ended."""
        with _losses_explained():
            await self._queue.log_jobs([(taken.entry, "successful", None)])

    async def put_back(self, taken: QueueEntry) -> None:
        """Leave the entry to the next process, as if it had never been taken."""
        with _losses_explained():
            await self._queue.retry_job(taken.entry, timedelta(), None)

    async def wait(self, seconds: float) -> None:
        """Until somebody tells of a job, or so long: behind a transaction pooler nobody can tell."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 forgets a cancellation that news comes with
                await self._news.wait()

    @property
    def _queue(self) -> Queries:
        if self._connection is None:
            raise RuntimeError("the queue is used outside its `async with`")
        return queue_on(self._connection)

    def _hear(self, *_told: object) -> None:
        self._news.set()


@contextmanager
def _losses_explained() -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseUnreachable from error
