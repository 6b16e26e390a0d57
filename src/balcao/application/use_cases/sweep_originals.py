"""Remove originals that no document has: what a registration left that ended between storage and database."""

from datetime import timedelta

from balcao.application.ports import Clock, FileStorage
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.originals import is_ours

GRACE = timedelta(hours=26)
"""Longer than any registration or upload takes: what is younger may be about to get its document."""
LOG_LIFE = timedelta(days=30)
_AT_ONCE = 500


class SweepOriginalsUseCase:
    """Compares storage with the documents; running it twice or in several processes does no harm."""

    def __init__(self, open_work: InstallationUnitOfWork, storage: FileStorage, clock: Clock) -> None:
        self._open_work = open_work
        self._storage = storage
        self._clock = clock

    async def execute(self, grace: timedelta = GRACE) -> int:
        """Remove what is older than ``grace``, and old entries of the queue's log; how many originals went.

        Raises:
            StorageUnavailable: the storage does not answer; the rest stays for the next time.
        """
        now = self._clock.now()
        async with self._open_work() as work:
            await work.jobs.forget_log_before(now - LOG_LIFE)
        old = [file.key async for file in self._storage.older_than(now - grace) if is_ours(file.key)]
        removed = 0
        for first in range(0, len(old), _AT_ONCE):
            async with self._open_work() as work:
                unused = await work.documents.unused_originals(old[first : first + _AT_ONCE])
            for key in unused:
                removed += await self._remove(key, grace)
        return removed

    async def _remove(self, key: str, grace: timedelta) -> bool:
        """Remove one, unless it was stored again meanwhile."""
        kept = await self._storage.find(key)
        if kept is None or kept.stored_at > self._clock.now() - grace:
            return False
        await self._storage.delete(key)
        return True
