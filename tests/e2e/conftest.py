"""The real command, run as a person runs it: a process of its own with an environment of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil
import pytest

from balcao.infrastructure.database.embedded import EmbeddedPostgres
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "exemplos"
SECONDS = 120.0
"""How long a command may take on a busy machine before it counts as one that does not end."""
CITIES = (
    ("curitiba", "Curitiba", "PR", "4106902"),
    ("maracaju", "Maracaju", "MS", "5005400"),
    ("nova-trento", "Nova Trento", "SC", "4211504"),
    ("feira-de-santana", "Feira de Santana", "BA", "2910800"),
)
VISIBLE = """
SELECT d.id, d.titulo, d.num_chunks,
       (SELECT count(*) FROM documento_chunk c WHERE c.documento_id = d.id) AS chunks,
       (SELECT count(*) FROM documento_embedding e WHERE e.documento_id = d.id) AS embeddings,
       (SELECT count(*) FROM documento_termo t WHERE t.documento_id = d.id) AS terms
FROM documento d WHERE d.estado = 'disponivel'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a finished command left; ``out`` and ``err`` keep undecodable bytes as surrogates."""

    code: int
    out: str
    err: str

    def value(self) -> object:
        """The one JSON value on standard output; fails when anything else is there."""
        return json.loads(self.out)

    def rows(self) -> list[dict[str, object]]:
        value = self.value()
        assert isinstance(value, list), self
        return value

    def fields(self) -> dict[str, object]:
        value = self.value()
        assert isinstance(value, dict), self
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Balcao:
    """The command over one data directory; ``instead`` replaces the installed script."""

    data: Path
    home: Path
    instead: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str | bytes | Path, timeout: float = SECONDS, script: str = "balcao") -> Outcome:
        """Run to the end, as ``finish`` does."""
        return finish(self.start(*arguments, script=script), timeout)

    def start(
        self, *arguments: str | bytes | Path, script: str = "balcao", stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """Start it in a process group of its own, which ``end_all`` ends."""
        process = subprocess.Popen(
            [*(self.instead or _command(script)), *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            cwd=self.home,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "LANG": "C.UTF-8",
                "BALCAO_DATA_DIR": str(self.data),
                "PYTHONFAULTHANDLER": "1",
                **self.settings,
            },
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end_all(self) -> None:
        """Kill what a test that failed left running, so that it disturbs no other."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            process.wait()

    @contextmanager
    def serving(self, *arguments: str | Path, worker: bool = False) -> Iterator["Server"]:
        """``balcao servir`` on a free port, past its ready line; killed at the end unless it was stopped before."""
        process = self.start("servir", "--porta", "0", *([] if worker else ["--sem-trabalhador"]), *arguments)
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            if ready.startswith("Primeiro acesso"):
                process.stdout.readline()
                ready = process.stdout.readline()
            if not ready.startswith("Balcão pronto em http://"):
                process.kill()
                pytest.fail(f"{ready}{process.communicate()}")
            yield Server(process=process, url=ready.split()[3], ready=ready)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def postmaster(self) -> psutil.Process | None:
        """The database server of the data directory, when one runs."""
        try:
            pid = int((self.data / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            alive = process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return process if alive else None

    def kill_server(self) -> bool:
        """Kill the database server outright; whether there was one."""
        server = self.postmaster()
        if server is None:
            return False
        server.kill()
        while self.postmaster():
            time.sleep(0.01)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running ``balcao servir``."""

    process: subprocess.Popen[str]
    url: str
    ready: str

    def stop(self, number: signal.Signals) -> Outcome:
        """Signal its process group, as a terminal does, and wait for the end."""
        os.killpg(self.process.pid, number)
        return finish(self.process)


def finish(process: subprocess.Popen[str], seconds: float = SECONDS, *, told: str | None = None) -> Outcome:
    """Wait for a command's end, having told its standard input something.

    When it does not come, the test fails with what was printed and with where each of its threads stood.
    """
    try:
        out, err = process.communicate(told, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        try:
            printed = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed = process.communicate()
        pytest.fail(f"{process.args!r} had not ended after {seconds} s: {printed}")
    return Outcome(code=process.returncode, out=out, err=err)


def _command(script: str) -> list[str]:
    installed = Path(sys.executable).with_name(script)
    if installed.is_file():
        return [str(installed)]
    function = {"balcao": "main", "ingest-documents": "ingest_documents"}[script]
    return [sys.executable, "-c", f"from balcao.interface.entry import {function}; {function}()"]


def short_home(prefix: str) -> Path:
    """A folder with a path short enough for a Unix socket, and open to the server's user when we are root."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


async def half_documents(connection: asyncpg.Connection) -> list[str]:
    """Documents that can be found but lack chunks, embeddings or terms."""
    rows = await connection.fetch(VISIBLE)
    return [
        f"{row['titulo']}: {dict(row)}"
        for row in rows
        if not row["num_chunks"] == row["chunks"] == row["embeddings"] or not row["chunks"] or not row["terms"]
    ]


async def examine(data: Path) -> tuple[list[str], list[str]]:
    """Titles of the visible documents of a data directory, and what is wrong with them."""
    with EmbeddedPostgres(data) as server:
        connection = await asyncpg.connect(server.url("postgres"), server_settings={"search_path": "balcao, public"})
        try:
            titles = [row["titulo"] for row in await connection.fetch(VISIBLE)]
            return titles, await half_documents(connection)
        finally:
            await connection.close()


@pytest.fixture
def balcao(short_folder: Path) -> Iterator[Balcao]:
    """The command over a new data directory."""
    home = Path(tempfile.mkdtemp(dir=short_folder))
    home.chmod(0o755)
    command = Balcao(data=home / "d", home=home)
    yield command
    command.end_all()
    assert command.postmaster() is None, "the test left a database server behind"


@pytest.fixture
def warm(balcao: Balcao) -> Iterator[Balcao]:
    """The same, its database server kept up between commands: faster, where starting it is not the point."""
    with EmbeddedPostgres(balcao.data):
        yield balcao


@pytest.fixture(scope="session")
def collection(real_data: Path, short_folder: Path) -> Iterator[Balcao]:
    """The real documents, ingested once, and a prefeitura for each of their cities; the server stays up meanwhile."""
    home = Path(tempfile.mkdtemp(dir=short_folder))
    home.chmod(0o755)
    command = Balcao(data=home / "d", home=home)
    with EmbeddedPostgres(command.data):
        for slug, name, uf, ibge in CITIES:
            made = command.run(
                *("prefeitura", "criar", "--nome", f"Prefeitura de {name}", "--slug", slug, "--uf", uf, "--ibge", ibge)
            )
            assert made.code == 0, made
        ingested = command.run("ingerir", real_data / "docs", "--json", timeout=170)
        assert ingested.code in (0, 1), ingested
        assert sum(row["situacao"] == "novo" for row in ingested.rows()) > 15
        yield command
