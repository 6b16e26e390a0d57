"""Runs a command over an installation: settings, database, container; and turns errors into exit codes."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

import uvloop

from balcao.domain.errors import BalcaoError, InstallationError, ProviderError
from balcao.infrastructure.database import migrator
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.logs import configure_logs
from balcao.infrastructure.settings import Settings, load_settings
from balcao.interface.dependencies.container import Container, embedded_accesses, external_accesses, open_container

T = TypeVar("T")

EXIT_OK = 0
EXIT_NOT_DONE = 1
EXIT_USAGE = 2
EXIT_INSTALLATION = 3
EXIT_PROVIDER = 4
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation whose database answers. ``container`` may be opened more than once, one after the other."""

    settings: Settings
    accesses: DatabaseAccesses

    @asynccontextmanager
    async def container(self) -> AsyncIterator[Container]:
        """The wired program over the migrated database."""
        async with open_container(self.settings, self.accesses) as container:
            yield container


def run(action: Callable[[Installation], Coroutine[object, object, T]]) -> T:
    """Run an action on the configured database, or on the embedded one, which is migrated first.

    The embedded server is stopped at the end, however the action ends, unless another process uses it.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    signal.signal(signal.SIGTERM, _terminate)
    external = external_accesses(settings)
    if external is not None:
        return _run_until_terminated(action(Installation(settings=settings, accesses=external)))
    with EmbeddedPostgres(settings.balcao_data_dir) as server:

        async def migrate_and_act() -> T:
            return await action(Installation(settings=settings, accesses=await embedded_accesses(server)))

        return _run_until_terminated(migrate_and_act())


def _run_until_terminated(work: Coroutine[object, object, T]) -> T:
    """``uvloop.run``, in which SIGTERM cancels the work. An exception raised by the signal's handler would break in
    anywhere, also between two of SQLAlchemy's greenlets, and has brought the interpreter down there.
    """
    terminated = False

    async def cancellable() -> T:
        task = asyncio.current_task()

        def cancel() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, cancel)
        return await work

    try:
        return uvloop.run(cancellable())
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(EXIT_TERMINATED) from None
        raise


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """Before and after the event loop, where the embedded server is started and stopped."""
    raise SystemExit(EXIT_TERMINATED)


async def migrate(installation: Installation) -> str:
    """Bring the schema to this program's version; which one that is."""
    await migrator.upgrade(installation.accesses.admin)
    return migrator.SCHEMA_VERSION


def exit_code_of(error: BalcaoError) -> int:
    """What the process tells its caller."""
    if isinstance(error, InstallationError):
        return EXIT_INSTALLATION
    return EXIT_PROVIDER if isinstance(error, ProviderError) else EXIT_NOT_DONE
