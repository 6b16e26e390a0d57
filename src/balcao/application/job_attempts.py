"""The life of one attempt at a job: claimed by one process, alive while it gives signs, ended in exactly one way."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar

from balcao.application.ports import Processes
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.document import DocumentState
from balcao.domain.errors import (
    BalcaoError,
    DuplicateDocument,
    ExtractionFailed,
    IngestionCancelled,
    IngestionInProgress,
    ProviderRateLimited,
)
from balcao.domain.ids import DocumentId, JobId
from balcao.domain.ingestion_job import MAX_FAILURES, STALE_AFTER, IngestionJob, JobState

T = TypeVar("T")

_BEAT_SECONDS = STALE_AFTER.total_seconds() / 6
_CRASHES = (
    f"O processo que o lia caiu {MAX_FAILURES} vezes; o arquivo provavelmente o derruba. Exporte-o de novo, ou tente "
    'de novo com "balcao documentos tentar-de-novo ID".'
)


class JobAttempts:
    """Begins attempts and ends them; each statement is a transaction of its own."""

    def __init__(self, open_work: InstallationUnitOfWork, processes: Processes) -> None:
        self._open_work = open_work
        self._processes = processes

    async def begin(self, job_id: JobId) -> IngestionJob:
        """Claim the job for this process.

        Raises:
            IngestionInProgress: somebody is at it.
            IngestionCancelled: it is over, or was tried too often; nothing more is to be done.
        """
        async with self._open_work() as work:
            known = await work.jobs.find(job_id)
            if known is None or known.is_final:
                raise IngestionCancelled
            gone = [known.owner] if known.owner and self._processes.is_gone(known.owner) else []
            job = await work.jobs.claim(job_id, self._processes.me(), gone=gone)
        if job is None:
            raise IngestionInProgress
        if job.failures >= MAX_FAILURES:
            await self._fail(job, code=ExtractionFailed.code, reason=_CRASHES)
            raise IngestionCancelled(_CRASHES)
        return job

    async def keep_alive(self, job: IngestionJob, work: Coroutine[object, object, T]) -> T:
        """The result of the work, which is stopped when the attempt was cancelled or taken over.

        Raises:
            IngestionCancelled: it was.
        """
        task = asyncio.create_task(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_BEAT_SECONDS)
                if not task.done() and not await self._beat(job):
                    raise IngestionCancelled
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def give_back(self, job: IngestionJob) -> None:
        """This process ends before the job does: the next one goes on."""
        async with self._open_work() as work:
            await work.jobs.release(job)

    async def postpone(self, job: IngestionJob, error: BalcaoError) -> None:
        """What failed may pass: again after a pause, unless it was tried too often."""
        if not job.may_try_again():
            await self._fail(job, code=error.code, reason=error.message)
            return
        asked = error.retry_after_seconds if isinstance(error, ProviderRateLimited) else None
        pause = job.pause(timedelta(seconds=asked) if asked else None)
        async with self._open_work() as work:
            await work.jobs.release(job, reason=error.message, error_code=error.code, delay=pause)

    async def give_up(self, job: IngestionJob, error: BalcaoError) -> None:
        """What failed will not change: the job waits for a person, with its reason."""
        related = error.document_id if isinstance(error, DuplicateDocument) else None
        await self._fail(job, code=error.code, reason=error.message, related=related)

    async def _fail(self, job: IngestionJob, *, code: str, reason: str, related: DocumentId | None = None) -> None:
        async with self._open_work() as work:
            if await work.jobs.fail(job, error_code=code, reason=reason, related=related):
                await work.documents.change_state(job.document_id, DocumentState.FALHOU)

    async def _beat(self, job: IngestionJob) -> bool:
        """Give a sign of life; False when the attempt was lost, not when it came to its end at this very moment."""
        async with self._open_work() as work:
            if await work.jobs.beat(job):
                return True
            known = await work.jobs.find(job.id)
        return known is not None and known.state is JobState.CONCLUIDO and known.attempts == job.attempts
