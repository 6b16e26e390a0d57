"""The embedded PostgreSQL, shared by real processes that end in every way."""

import asyncio
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace

import asyncpg
import psutil
import pytest

from balcao.domain.errors import DatabaseUnreachable, InvalidConfiguration
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.database.postgres_programs import PostgresPrograms

USER = """
import sys
from pathlib import Path
from balcao.infrastructure.database.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])):
    print("pronto", flush=True)
    sys.stdin.readline()
"""
PYTHON = (sys.executable, "-c", USER)


@pytest.fixture
def folder(short_folder: Path) -> Iterator[Path]:
    """A new data directory; no server is left in it."""
    home = Path(mkdtemp(dir=short_folder))
    yield home / "d"
    assert postmaster(home / "d") is None, "the test left a server behind"


class User:
    """Another process that uses the server, or waits for it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*PYTHON, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        )

    def ready(self) -> "User":
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "pronto\n"
        return self

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self, *, group: bool = False) -> None:
        os.killpg(self.process.pid, signal.SIGKILL) if group else self.process.kill()
        self.process.communicate()


@contextmanager
def user(folder: Path, **environment: str) -> Iterator[User]:
    found = User(folder, **environment)
    try:
        yield found.ready()
    finally:
        if found.process.poll() is None:
            found.leave()


def postmaster(folder: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split("\n")[0]))
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def running(folder: Path) -> psutil.Process:
    found = postmaster(folder)
    assert found is not None
    return found


def wait_for_status(folder: Path, wanted: str) -> None:
    deadline = time.monotonic() + 30
    while wanted not in (folder / "postgres" / "postmaster.pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


async def answers(server: EmbeddedPostgres) -> bool:
    connection = await asyncpg.connect(server.url("postgres", "postgres"), timeout=10)
    try:
        return bool(await connection.fetchval("SELECT true"))
    finally:
        await connection.close()


def test_the_first_out_does_not_stop_it_and_the_last_does(folder: Path) -> None:
    with user(folder) as first:
        with user(folder):
            shared = running(folder)
            first.leave()
            assert running(folder) == shared
        assert postmaster(folder) is None


async def test_a_killed_user_neither_stops_it_nor_keeps_it_alive(folder: Path) -> None:
    with user(folder) as killed, EmbeddedPostgres(folder) as server:
        shared = running(folder)
        killed.kill()
        assert running(folder) == shared
        assert await answers(server)
    assert postmaster(folder) is None
    with user(folder) as alone:
        alone.kill()
    assert postmaster(folder) is not None, "nobody was there to stop it"
    with user(folder):
        pass
    assert postmaster(folder) is None


async def test_a_killed_server_is_started_again_at_once(folder: Path) -> None:
    with user(folder):
        running(folder).kill()
        with EmbeddedPostgres(folder) as server:
            assert await answers(server)
        assert postmaster(folder) is not None


@pytest.mark.parametrize("whose", ["a person's program", "another directory's server", "nobody", "not a number"])
async def test_a_stale_pid_file_is_no_server(folder: Path, server: EmbeddedPostgres, whose: str) -> None:
    with EmbeddedPostgres(folder):
        lines = (folder / "postgres" / "postmaster.pid").read_text().split("\n")
    other = running(Path(server.url("a").partition("host=")[2]).parent)
    pid = {"a person's program": os.getpid(), "another directory's server": other.pid, "nobody": 2**22 + 1}.get(whose)
    stale = folder / "postgres" / "postmaster.pid"
    stale.write_text("\n".join(["" if pid is None else str(pid), *lines[1:]]))
    stale.chmod(0o644)
    with EmbeddedPostgres(folder) as restarted:
        assert await answers(restarted)
    assert other.is_running()


async def test_a_first_start_that_is_killed_leaves_nothing_in_the_way(folder: Path) -> None:
    newcomer = User(folder)
    deadline = time.monotonic() + 30
    while not any(folder.glob("postgres.novo-*/base")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    newcomer.kill(group=True)
    assert not (folder / "postgres").exists()
    with EmbeddedPostgres(folder) as server:
        assert await answers(server)
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["postgres"]


async def test_a_server_that_is_stopping_is_awaited_and_started_anew(folder: Path) -> None:
    with user(folder) as first:
        with EmbeddedPostgres(folder) as server:
            connection = await asyncpg.connect(server.url("postgres", "postgres"))
        old = running(folder)
        old.terminate()  # a smart shutdown: waits for the connection
        await asyncio.to_thread(wait_for_status, folder, "stopping")
        first.kill()
        newcomer = User(folder)
        await connection.close()
        newcomer.ready()
        assert running(folder).pid != old.pid
        newcomer.leave()


@pytest.mark.parametrize(
    ("memory_mb", "held_mb", "buffers_mb"),
    [
        (256, 0, 128),
        (1_024, 0, 256),
        (24_576, 0, 448),
        (24_576, 1_500, 448),
        (24_576, 6_000, 1_500),
        (4_096, 6_000, 1_024),
    ],
)
def test_a_server_caches_what_its_data_needs_and_its_machine_can_spare(
    folder: Path, monkeypatch: pytest.MonkeyPatch, memory_mb: int, held_mb: int, buffers_mb: int
) -> None:
    database = folder / "postgres" / "base" / "5"
    database.mkdir(parents=True)
    for name in ("16384", "16385"):
        with (database / name).open("wb") as file:
            file.truncate(held_mb * 2**19)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=memory_mb * 2**20))
    assert PostgresPrograms(folder / "postgres").shared_buffers_mb() == buffers_mb


async def test_a_locale_that_is_not_installed_does_not_matter(folder: Path) -> None:
    with user(folder, LANG="xx_XX.UTF-8", LC_ALL="xx_XX.UTF-8"), EmbeddedPostgres(folder) as server:
        assert await answers(server)


@pytest.mark.parametrize("name", ["minha pasta", "ação", "100%25 d'água&a=b", "-d"])
async def test_a_path_of_any_characters_works(folder: Path, name: str) -> None:
    with EmbeddedPostgres(folder.parent / name) as server:
        assert await answers(server)
    assert postmaster(folder.parent / name) is None


async def test_it_is_closed_to_others_and_to_the_network(folder: Path) -> None:
    with user(folder, OPENAI_API_KEY="sk-segredo"):
        directory = folder / "postgres"
        server = running(folder)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_ISSOCK((directory / ".s.PGSQL.5432").stat().st_mode)
        processes = [server, *server.children(recursive=True)]
        assert [process.net_connections(kind="inet") for process in processes] == [[] for _ in processes]
        assert "OPENAI_API_KEY" not in server.environ()
        assert server.uids().real != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="só root roda o servidor como outro usuário")
async def test_root_opens_a_private_folder_for_passing_only_and_keeps_the_owner(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with EmbeddedPostgres(folder) as server:
        assert await answers(server)
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o711
    nobody = pwd.getpwnam("nobody")
    for path in (folder / "postgres", *(folder / "postgres").rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    with EmbeddedPostgres(folder) as server:
        assert await answers(server)
        assert running(folder).uids().real == nobody.pw_uid


def test_a_path_that_no_socket_can_have_is_refused(short_folder: Path, tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 100), short_folder / "a,b", short_folder / "a$HOME", short_folder / "a`b"):
        with pytest.raises(InvalidConfiguration, match="BALCAO_DATA_DIR"), EmbeddedPostgres(path):
            pass
        assert not path.exists()


def test_a_folder_that_cannot_be_written_is_named(short_folder: Path) -> None:
    file = short_folder / "arquivo"
    file.touch()
    with pytest.raises(InvalidConfiguration, match=f"{file}.* não pode ser escrita"), EmbeddedPostgres(file / "d"):
        pass


def test_a_server_that_does_not_start_names_its_log_and_lets_go(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    version = folder / "postgres" / "PG_VERSION"
    version.write_text("9.6\n")
    with pytest.raises(DatabaseUnreachable, match="postgres/log"), EmbeddedPostgres(folder):
        pass
    version.write_text("18\n")
    with EmbeddedPostgres(folder):
        pass
