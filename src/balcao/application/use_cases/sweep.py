"""Forget what is kept only for a while: counts of past windows, answers to repeated requests, expired uploads."""

from datetime import timedelta

from balcao.application.ports import Clock
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.idempotency import ANSWER_LIFE

COUNT_LIFE = timedelta(days=2)
"""Longer than the longest window, a day."""


class SweepUseCase:
    """Deletes across prefeituras, as the operator; running it twice or in several processes does no harm."""

    def __init__(self, open_work: InstallationUnitOfWork, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    async def execute(self) -> int:
        """Forget what is past its life; how many rows went."""
        now = self._clock.now()
        async with self._open_work() as work:
            counts = await work.counters.forget_before(now - COUNT_LIFE)
            answers = await work.idempotency.forget_before(now - ANSWER_LIFE)
            uploads = await work.uploads.forget_before(now)
        return counts + answers + uploads
