"""Workers as processes: of their own, beside the server, killed, stopped and brought back."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from balcao.application.use_cases.register_document import RegisterRequest
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.interface.dependencies.container import embedded_accesses, open_container
from tests.applications import settings_in
from tests.e2e.conftest import EXAMPLES, SECONDS, Balcao, finish


def enqueue(balcao: Balcao, *paths: Path) -> list[str]:
    """Register files as the API does, for whoever works through the queue."""

    async def register() -> list[str]:
        with EmbeddedPostgres(balcao.data) as server:
            accesses = await embedded_accesses(server)
            async with open_container(settings_in(balcao.data), accesses) as container:
                requests = [RegisterRequest(path=path, file_name=path.name) for path in paths]
                return [str((await container.collection.register.execute(each)).document_id) for each in requests]

    return asyncio.run(register())


def states(balcao: Balcao) -> list[str]:
    async def read() -> list[str]:
        with EmbeddedPostgres(balcao.data) as server:
            connection = await asyncpg.connect(server.url("postgres"))
            found = [row["estado"] for row in await connection.fetch("SELECT estado FROM balcao.documento")]
            await connection.close()
            return found

    return asyncio.run(read())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come about in {SECONDS} s")
        time.sleep(0.05)


def workers_of(server: psutil.Process) -> list[psutil.Process]:
    return [child for child in server.children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    try:
        return "child_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False  # it is over


def test_a_worker_empties_the_queue(warm: Balcao) -> None:
    enqueue(warm, *EXAMPLES.iterdir())
    done = warm.run("trabalhador", "--ate-esvaziar", "--json")
    assert (done.code, done.value()) == (0, {"trabalhos": 8})
    assert set(states(warm)) == {"disponivel"}
    assert warm.run("trabalhador", "--ate-esvaziar").out == "Trabalhos feitos: 0.\n"


def test_two_workers_share_the_queue_and_sigterm_gives_work_back(warm: Balcao) -> None:
    both = [warm.start("trabalhador"), warm.start("trabalhador")]
    enqueue(warm, *EXAMPLES.iterdir())
    until(lambda: "disponivel" in states(warm))
    both[0].terminate()
    first = finish(both[0])
    assert (first.code, "Traceback" in first.err) == (143, False), first
    until(lambda: set(states(warm)) == {"disponivel"})
    os.killpg(both[1].pid, signal.SIGINT)
    second = finish(both[1])
    assert (second.code, "Traceback" in second.err) == (0, False), second


def test_the_server_runs_a_worker_beside_it_and_brings_it_back(warm: Balcao) -> None:
    with warm.serving(worker=True) as server:
        process = psutil.Process(server.process.pid)
        until(lambda: len(workers_of(process)) == 1)
        (first,) = workers_of(process)
        enqueue(warm, EXAMPLES / "lei-organica.md")
        until(lambda: states(warm) == ["disponivel"])
        print(f"\ntrabalhador: {first.memory_info().rss / 2**20:.0f} MiB")
        first.kill()
        until(lambda: [worker.pid for worker in workers_of(process)] not in ([], [first.pid]))
        enqueue(warm, EXAMPLES / "lei-feiras-livres.txt")
        until(lambda: states(warm) == ["disponivel"] * 2)
        (second,) = workers_of(process)
        second.terminate()
        second.wait(timeout=SECONDS)  # it ends though its standard input is open
        until(lambda: [worker.pid for worker in workers_of(process)] not in ([], [second.pid]))
        (third,) = workers_of(process)
        assert server.stop(signal.SIGINT).code == 0
        assert not third.is_running()


def test_the_worker_ends_with_a_server_that_was_killed(warm: Balcao) -> None:
    with warm.serving(worker=True) as server:
        process = psutil.Process(server.process.pid)
        until(lambda: len(workers_of(process)) == 1)
        (worker,) = workers_of(process)
        process.kill()
        server.process.wait()
        worker.wait(timeout=SECONDS)
