"""Publish the audit trails' heads once a day: whoever keeps one can tell later whether the past was rewritten."""

from collections.abc import Mapping, Sequence

from balcao.application.daily_limits import start_of_day
from balcao.application.ports import AuditHeadPublisher, Clock
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import ChainHead
from balcao.domain.credentials import digest
from balcao.domain.errors import DeliveryFailed

_SCOPE = "cabecas-auditoria"


class PublishAuditHeadsUseCase:
    """Tells each publisher once a day (Brasília), in as many processes as there are; a failed one again next time."""

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
            heads = await self._take(name)
            try:
                if heads:
                    await publisher.publish(heads, self._clock.now())
                    told += 1
            except DeliveryFailed as error:
                await self._give_back(name)
                failures.append(error)
        if failures:
            raise failures[0]
        return told

    async def _take(self, name: str) -> Sequence[ChainHead]:
        """The heads, where they are to be published now."""
        today = start_of_day(self._clock.now())
        async with self._open_work() as work:
            heads = await work.audit.heads()
            if heads and await work.counters.take(_SCOPE, digest(name), today, limit=1):
                return heads
        return ()

    async def _give_back(self, name: str) -> None:
        async with self._open_work() as work:
            await work.counters.give_back(_SCOPE, digest(name), start_of_day(self._clock.now()))
