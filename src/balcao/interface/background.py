"""What the server does besides answering: each chore again and again, apart from the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from balcao.domain.errors import BalcaoError
from balcao.interface.dependencies.container import Container

_log = structlog.get_logger("balcao.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do every so many seconds; doing it in several processes at once does no harm."""

    name: str
    seconds: float
    do: Callable[[], Awaitable[object]]

    async def repeat(self) -> None:
        """Do it until cancelled; an expected failure is logged, and the next turn comes as usual."""
        while True:
            try:
                await self.do()
            except BalcaoError as error:
                _log.warning("chore_failed", chore=self.name, error_code=error.code)
            await asyncio.sleep(self.seconds)


def chores_of(container: Container) -> list[Chore]:
    """The chores of an installation."""
    return [
        Chore(name="sweep", seconds=3600, do=container.sweep.execute),
        Chore(name="publish_audit_heads", seconds=3600, do=container.audit.publish_heads.execute),
        Chore(name="settle_expired", seconds=60, do=container.settle_expired.execute),
        Chore(name="deliver_alerts", seconds=15, do=container.consumption.deliver_alerts.execute),
    ]


@asynccontextmanager
async def doing(chores: list[Chore]) -> AsyncIterator[None]:
    """Meanwhile the chores are done."""
    tasks = [asyncio.create_task(chore.repeat(), name=chore.name) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
