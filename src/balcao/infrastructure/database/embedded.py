"""The PostgreSQL that comes with Balcão: started once for a data directory, shared by every process that uses it.

Sharing is counted by a shared file lock that each process holds while it uses the server: the kernel releases it
however the process ends, so a killed process never keeps the server alive, and the last one out stops it.
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil

from balcao.domain.errors import DatabaseUnreachable, InvalidConfiguration
from balcao.infrastructure.database.postgres_programs import PostgresPrograms

DATABASE = "balcao"
_LONGEST_DIRECTORY = 90
"""A Unix socket's path has at most 107 bytes (unix(7)), and PostgreSQL appends ``/.s.PGSQL.5432``."""
_UNUSABLE = frozenset(""",$`"\\""")
"""A comma separates addresses, for the server and for its clients; pg_ctl hands the rest to a shell unquoted."""
_SECONDS_TO_SETTLE = 60
_SECONDS_FOR_ORPHANS = 5


class EmbeddedPostgres:
    """``with EmbeddedPostgres(directory) as server: server.url("postgres")``.

    The server listens on a Unix socket only, inside its own directory, which nobody but its user may enter. Not for
    two threads at once; as many processes as wanted.

    Raises:
        InvalidConfiguration: the directory cannot be written, or its path does not serve for a socket.
        DatabaseUnreachable: the server did not start; the message names its log.
    """

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory.resolve() / "postgres"
        self._users_lock = -1

    def url(self, user: str, database: str = DATABASE) -> str:
        """Address of one of the server's databases, for a role that needs no password on this socket."""
        return f"postgresql://{user}@/{database}?host={quote(str(self._directory))}"

    def __enter__(self) -> Self:
        self._check_path()
        with self._gate(), ExitStack() as undo:
            self._users_lock = self._open_lock("postgres.em-uso")
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            undo.callback(self._leave)
            self._start()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._gate():
            self._leave()

    def _check_path(self) -> None:
        if len(os.fsencode(self._directory)) > _LONGEST_DIRECTORY:
            raise InvalidConfiguration(
                f"O caminho {self._directory} é longo demais para o banco embutido "
                f"(máximo de {_LONGEST_DIRECTORY} bytes); defina BALCAO_DATA_DIR com um caminho mais curto."
            )
        if _UNUSABLE.intersection(str(self._directory)):
            characters = " ".join(sorted(_UNUSABLE))
            raise InvalidConfiguration(
                f"O caminho {self._directory} tem um caractere que o banco embutido não aceita ({characters}); "
                "defina BALCAO_DATA_DIR com outro caminho."
            )

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """One process at a time starts, stops or changes its mind about using the server."""
        gate = self._open_lock("postgres.lock")
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        finally:
            os.close(gate)

    def _open_lock(self, name: str) -> int:
        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._directory.parent / name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise InvalidConfiguration(
                f"A pasta {self._directory.parent} não pode ser escrita; confira a permissão ou defina BALCAO_DATA_DIR."
            ) from error

    def _start(self) -> None:
        try:
            if self._is_up():
                return
            # After a crash or a reboot this file stays, and its number may be another program's by now.
            (self._directory / "postmaster.pid").unlink(missing_ok=True)
            programs = PostgresPrograms(self._directory)
            if not (self._directory / "PG_VERSION").is_file():
                programs.initialise()
            _start_once_free(programs)
        except PermissionError as error:
            raise InvalidConfiguration(
                f"A pasta {self._directory} é de outro usuário; ajuste a permissão ou defina BALCAO_DATA_DIR."
            ) from error
        except (subprocess.SubprocessError, OSError) as error:
            raise DatabaseUnreachable(
                f"O banco embutido não iniciou; o motivo está em {self._directory / 'log'}."
            ) from error

    def _leave(self) -> None:
        try:
            fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            self._stop()
        finally:
            os.close(self._users_lock)

    def _stop(self) -> None:
        try:
            PostgresPrograms(self._directory).stop()
        except (subprocess.SubprocessError, OSError) as error:
            if self._postmaster_is_alive():
                raise DatabaseUnreachable(f"O banco embutido não parou; veja {self._directory / 'log'}.") from error

    def _is_up(self) -> bool:
        """Whether a server here takes connections; one that starts or stops, its process killed midway, is awaited."""
        deadline = time.monotonic() + _SECONDS_TO_SETTLE
        while self._postmaster_is_alive():
            if PostgresPrograms(self._directory).accepts_connections():
                return True
            if time.monotonic() > deadline:
                raise DatabaseUnreachable(f"O banco embutido não responde; veja {self._directory / 'log'}.")
            time.sleep(0.1)
        return False

    def _postmaster_is_alive(self) -> bool:
        """Whether the process that the pid file names is the server of this directory."""
        try:
            pid = int((self._directory / "postmaster.pid").read_text().split("\n", 1)[0])
            return str(self._directory) in psutil.Process(pid).cmdline()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return False


def _start_once_free(programs: PostgresPrograms) -> None:
    """Start the server, which refuses while the children of one that was killed still hold its shared memory."""
    deadline = time.monotonic() + _SECONDS_FOR_ORPHANS
    while True:
        try:
            return programs.start()
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
