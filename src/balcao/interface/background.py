"""What the server does besides answering: each chore again and again, apart from the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from balcao.domain.errors import BalcaoError
from balcao.interface.api.reception import clear_leftovers
from balcao.interface.dependencies.container import Container
from balcao.interface.worker_child import keep_worker_running

_log = structlog.get_logger("balcao.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do every so many seconds; doing it in several processes at once does no harm."""

    name: str
    seconds: float
    do: Callable[[], Awaitable[object]]

    async def repeat(self) -> None:
        """Do it until cancelled; a failure is logged, and the next turn comes as usual."""
        while True:
            try:
                await self.do()
            except BalcaoError as error:
                _log.warning("chore_failed", chore=self.name, error_code=error.code)
            except Exception:  # noqa: BLE001 - the edge of the process: a chore that ended would be missed by nobody
                _log.exception("chore_broke", chore=self.name)
            await asyncio.sleep(self.seconds)


def chores_of(container: Container) -> list[Chore]:
    """The chores of an installation."""
    return [
        Chore(name="sweep", seconds=3600, do=container.sweep.execute),
        Chore(name="recover_ingestion", seconds=3600, do=container.collection.recover.execute),
        Chore(name="sweep_originals", seconds=3600, do=container.collection.sweep_originals.execute),
        Chore(
            name="clear_leftovers",
            seconds=3600,
            do=partial(asyncio.to_thread, clear_leftovers, container.library.reception),
        ),
        Chore(name="reindex", seconds=3600, do=partial(container.reindex.execute, pay=False)),
        Chore(name="index_vectors", seconds=60, do=container.collection.index_vectors.execute),
        Chore(name="publish_audit_heads", seconds=3600, do=container.audit.publish_heads.execute),
        Chore(name="settle_expired", seconds=60, do=container.settle_expired.execute),
        Chore(name="deliver_alerts", seconds=15, do=container.consumption.deliver_alerts.execute),
    ]


@asynccontextmanager
async def doing(chores: list[Chore], *, with_worker: bool = False) -> AsyncIterator[None]:
    """Meanwhile the chores are done; ``with_worker``, a worker runs beside, too."""
    tasks = [asyncio.create_task(chore.repeat(), name=chore.name) for chore in chores]
    if with_worker:
        tasks.append(asyncio.create_task(keep_worker_running(), name="worker"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
