"""Take up what dead processes left undone."""

from balcao.application.ports import Processes
from balcao.application.unit_of_work import InstallationUnitOfWork


class RecoverIngestionUseCase:
    """Puts abandoned jobs back into the queue; running it twice or in several processes does no harm."""

    def __init__(self, open_work: InstallationUnitOfWork, processes: Processes) -> None:
        self._open_work = open_work
        self._processes = processes

    async def execute(self) -> int:
        """How many jobs were put back."""
        async with self._open_work() as work:
            gone = [owner for owner in await work.jobs.owners() if self._processes.is_gone(owner)]
            return len(await work.jobs.requeue_abandoned(gone))
