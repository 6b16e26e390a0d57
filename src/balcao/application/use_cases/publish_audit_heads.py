"""Publish the audit trails' heads once a day: whoever keeps one can tell later whether the past was rewritten."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from balcao.application.daily_limits import start_of_day
from balcao.application.ports import AuditHeadPublisher, Clock
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import ChainHead
from balcao.domain.credentials import digest
from balcao.domain.errors import DeliveryFailed

_DONE = "cabecas-auditoria"
_BEGUN = "cabecas-auditoria-tentativa"


class PublishAuditHeadsUseCase:
    """Tells each publisher once a day (Brasília), in as many processes as there are.

    Where one failed, it is told again the next time; where the process ended meanwhile, in the next hour: once too
    often rather than never.
    """

    def __init__(
        self, open_work: InstallationUnitOfWork, publishers: Mapping[str, AuditHeadPublisher], clock: Clock
    ) -> None:
        self._open_work = open_work
        self._publishers = publishers
        self._clock = clock

    async def execute(self) -> int:
        """Publish where it was not done today; to how many publishers.

        Raises:
            DeliveryFailed: a publisher failed; the others were told.
        """
        failures: list[DeliveryFailed] = []
        told = 0
        for name, publisher in self._publishers.items():
            now = self._clock.now()
            heads = await self._begin(digest(name), now)
            if not heads:
                continue
            try:
                await publisher.publish(heads, now)
            except DeliveryFailed as error:
                await self._give_back(digest(name), now)
                failures.append(error)
            else:
                await self._finish(digest(name), now)
                told += 1
        if failures:
            raise failures[0]
        return told

    async def _begin(self, publisher: bytes, now: datetime) -> Sequence[ChainHead]:
        """The heads, where they are to be published by this process now."""
        async with self._open_work() as work:
            if not await work.counters.take(_DONE, publisher, start_of_day(now), limit=1):
                return ()
            await work.counters.give_back(_DONE, publisher, start_of_day(now))
            heads = await work.audit.heads()
            if heads and await work.counters.take(_BEGUN, publisher, _hour_of(now), limit=1):
                return heads
        return ()

    async def _finish(self, publisher: bytes, now: datetime) -> None:
        async with self._open_work() as work:
            await work.counters.take(_DONE, publisher, start_of_day(now), limit=1)

    async def _give_back(self, publisher: bytes, now: datetime) -> None:
        async with self._open_work() as work:
            await work.counters.give_back(_BEGUN, publisher, _hour_of(now))


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
