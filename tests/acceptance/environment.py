"""What the acceptance checks run on: a real PostgreSQL, the application over it, and real server processes.

Every module ``test_<code>_*.py`` of this folder is one check of docs/garantias.md and exposes ``CODE``; ``TRIES`` (what
is tried, in Portuguese, for that table); ``FULL`` and ``BOUNDED`` (attempts of ``make soak`` and of ``make test``);
``MUTANT`` (the seeded defect, in Portuguese); ``violations`` and ``violations_of_mutant``, of the type ``Attempt``: the
first must return 0 and the second more than 0.
"""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import psutil

from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from tests.applications import serving, settings_in
from tests.databases import new_migrated_database

_COMMAND = (sys.executable, "-c", "from balcao.interface.cli import main; main()")
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A real ``balcao servir`` process; ``announced`` holds the lines that it printed until it was ready."""

    url: str
    process: psutil.Process
    announced: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceEnvironment:
    """A running PostgreSQL and a folder with a short path, in which everything of a check happens."""

    server: EmbeddedPostgres
    folder: Path

    async def new_accesses(self) -> DatabaseAccesses:
        """A new migrated database."""
        return await new_migrated_database(self.server)

    def new_folder(self) -> Path:
        """A new empty folder, whose path is short."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    @asynccontextmanager
    async def open_app(self, accesses: DatabaseAccesses, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the application over this database, in this process, with these settings."""
        async with serving(accesses, settings_in(self.new_folder(), **settings)) as client:
            yield client

    @asynccontextmanager
    async def start_server(
        self, accesses: DatabaseAccesses, program: Path | None = None, /, **env: str
    ) -> AsyncIterator[RunningServer]:
        """A ``balcao servir`` process on a free port over this database, stopped at the end (unless it is dead).

        ``program`` is a Python file to run in the place of ``balcao``.
        """
        command = (sys.executable, "-P", str(program)) if program else _COMMAND
        process = await asyncio.create_subprocess_exec(
            *(*command, "servir", "--sem-trabalhador", "--porta", "0"),
            env=self._environment(accesses) | env,
            cwd=self.folder,
            stdout=PIPE,
        )
        assert process.stdout is not None
        try:
            announced = await asyncio.wait_for(_until_ready(process.stdout), _SECONDS_TO_START)
            url = next(word for word in announced[-1].split() if word.startswith("http"))
            draining = asyncio.create_task(process.stdout.read())  # a full pipe would stop the server
            yield RunningServer(url=url, process=psutil.Process(process.pid), announced=announced)
            draining.cancel()
        finally:
            await _stop(process)

    async def start_command(
        self, accesses: DatabaseAccesses, data: Path, *arguments: str, program: Path | None = None
    ) -> Process:
        """A ``balcao`` command over this database and data directory; ``program`` as for ``start_server``."""
        command = (sys.executable, "-P", str(program)) if program else _COMMAND
        env = self._environment(accesses) | {"BALCAO_DATA_DIR": str(data)}
        return await asyncio.create_subprocess_exec(*command, *arguments, env=env, cwd=self.folder, stdout=DEVNULL)

    def _environment(self, accesses: DatabaseAccesses) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "BALCAO_DATA_DIR": str(self.new_folder()),
            "DATABASE_URL": accesses.app.url,
            "DATABASE_ADMIN_URL": accesses.admin.url,
            "DATABASE_INGEST_URL": accesses.ingestion.url,
            "DATABASE_OPERATOR_URL": accesses.operator.url,
            "LOG_LEVEL": "ERROR",
        }


class Attempt(Protocol):
    """One way of running a check."""

    async def __call__(self, attempts: int, environment: AcceptanceEnvironment) -> int:
        """Try this often; how many violations were seen."""
        ...


async def _until_ready(output: asyncio.StreamReader) -> tuple[str, ...]:
    lines: list[str] = []
    while not lines or "http://" not in lines[-1]:
        line = await output.readline()
        if not line:
            raise RuntimeError(f"the server ended before it was ready; it printed: {lines}")
        lines.append(line.decode().rstrip("\n"))
    return tuple(lines)


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _SECONDS_TO_STOP)
    except TimeoutError:
        process.kill()
        await process.wait()
