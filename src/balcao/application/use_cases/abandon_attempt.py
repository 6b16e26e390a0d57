"""End an attempt of this process that a failure nobody foresaw broke off."""

from balcao.application.job_attempts import JobAttempts
from balcao.application.ports import Processes
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.errors import IngestionBroken
from balcao.domain.ids import JobId
from balcao.domain.ingestion_job import JobState


class AbandonAttemptUseCase:
    """It counts as a failure: the job is tried again after a pause, and after MAX_FAILURES waits for a person."""

    def __init__(self, open_work: InstallationUnitOfWork, attempts: JobAttempts, processes: Processes) -> None:
        self._open_work = open_work
        self._attempts = attempts
        self._processes = processes

    async def execute(self, job_id: JobId) -> None:
        """Postpone the job, while it is this process's; one that ended, or that another has, is left alone."""
        async with self._open_work() as work:
            job = await work.jobs.find(job_id)
        if job and job.state is JobState.EXECUTANDO and job.owner == self._processes.me():
            await self._attempts.postpone(job, IngestionBroken())
