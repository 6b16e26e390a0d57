"""Close the reservations of processes that died."""

from balcao.application.metering import Metering
from balcao.application.ports import Clock
from balcao.application.unit_of_work import InstallationUnitOfWork


class SettleExpiredReservationsUseCase:
    """Across prefeituras, as the operator; several processes may do it at once, each reservation once."""

    def __init__(self, open_work: InstallationUnitOfWork, metering: Metering, clock: Clock) -> None:
        self._open_work = open_work
        self._metering = metering
        self._clock = clock

    async def execute(self) -> int:
        """Return what was reserved and never sent; charge what was sent as its last checkpoint says. How many closed.

        One reservation a transaction: who holds one prefeitura's counters never waits for another's.
        """
        closed = 0
        while await self._settle_one():
            closed += 1
        return closed

    async def _settle_one(self) -> bool:
        async with self._open_work() as work:
            expired = await work.reservations.take_expired(self._clock.now())
            if expired is None:
                return False
            await self._metering.settle_unanswered(work, expired, expired.checkpoint, expired=True)
        return True
