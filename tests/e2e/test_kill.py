"""Ingestion that is killed, again and again: what can be found is whole, and the next run does the rest."""

import asyncio
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from balcao.infrastructure.database.database import Database
from tests.e2e.conftest import EXAMPLES, Balcao, examine, finish, half_documents
from tests.factories import a_document, publish

ROUNDS = int(os.environ.get("BALCAO_RODADAS", "8"))
DOCUMENTS = 6
ARTICLES = 120


def laws(folder: Path, series: int) -> Path:
    """A folder of laws that differ from those of every other series, of some forty passages each."""
    place = folder / f"leis-{series}"
    place.mkdir()
    for number in range(1, DOCUMENTS + 1):
        articles = "\n\n".join(
            f"Art. {article}º O serviço {series}-{number}-{article} atende em até {article + number} dias úteis, "
            f"prorrogáveis por igual período mediante justificativa escrita da chefia do setor {series}."
            for article in range(1, ARTICLES + 1)
        )
        text = f"Lei nº {series * 100 + number}, de 5 de maio de 2020\n\n{articles}\n"
        (place / f"lei-{number:02}.txt").write_text(text, encoding="utf-8")
    return place


def originals(balcao: Balcao) -> int:
    return sum(1 for _ in (balcao.data / "originais").glob("*/*.txt"))


def wait_for_originals(balcao: Balcao, process: subprocess.Popen[str], wanted: int) -> None:
    """Until ingestion has kept so many files, or is over."""
    deadline = time.monotonic() + 60
    while originals(balcao) < wanted and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_soon(process: subprocess.Popen[str], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()


@pytest.mark.timeout(120 + 30 * ROUNDS)
def test_a_kill_at_any_moment_leaves_nothing_half_and_the_next_run_does_the_rest(
    balcao: Balcao, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"\nsemente {seed}")
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    killed_midway = 0
    assert balcao.run("documentos", "listar").code == 0, "there is a database to look into, however early the kill"
    for series in range(ROUNDS):
        folder = laws(tmp_path, series)
        process = balcao.start("ingerir", folder, "--json")
        wait_for_originals(balcao, process, series * DOCUMENTS + moments.randrange(DOCUMENTS))
        kill_soon(process, moments.uniform(0.0, 0.5))
        if moments.random() < 0.5:
            balcao.kill_server()
        titles, half = asyncio.run(examine(balcao.data))
        assert half == []
        assert len(titles) == len(set(titles))
        new = len(titles) - series * DOCUMENTS
        killed_midway += 0 < new < DOCUMENTS
        completed = balcao.run("ingerir", folder, "--json")
        assert completed.code == 0, completed
        outcomes = [row["situacao"] for row in completed.rows()]
        assert (outcomes.count("duplicado"), outcomes.count("novo")) == (new, DOCUMENTS - new)
    titles, half = asyncio.run(examine(balcao.data))
    assert half == []
    assert len(titles) == len(set(titles)) == ROUNDS * DOCUMENTS
    print(f"{killed_midway} de {ROUNDS} mortes entre o primeiro e o último documento")


async def test_the_check_sees_a_document_that_is_visible_alone(database: Database, admin: asyncpg.Connection) -> None:
    await publish(database, a_document("Uma lei inteira."))
    assert await half_documents(admin) == []
    async with database.ingestion() as work:
        await work.documents.save(a_document("Uma lei sem trechos.", title="Lei pela metade"))
    (found,) = await half_documents(admin)
    assert "Lei pela metade" in found


@pytest.mark.parametrize("table", ["documento_chunk", "documento_embedding", "documento_termo"])
async def test_the_check_sees_each_missing_part(database: Database, admin: asyncpg.Connection, table: str) -> None:
    document = await publish(database, a_document("Uma lei inteira."))
    await admin.execute(f"DELETE FROM {table} WHERE documento_id = $1", document.id)
    assert len(await half_documents(admin)) == 1


@pytest.mark.parametrize(
    ("number", "code", "as_json"),
    [(signal.SIGINT, 130, False), (signal.SIGINT, 130, True), (signal.SIGTERM, 143, False)],
)
def test_an_interrupted_ingestion_ends_at_once_and_stops_the_server(
    balcao: Balcao, tmp_path: Path, number: signal.Signals, code: int, as_json: bool
) -> None:
    process = balcao.start("ingerir", laws(tmp_path, 1), *(["--json"] if as_json else []))
    wait_for_originals(balcao, process, 1)
    os.killpg(process.pid, number)
    ended = finish(process)
    assert ended.code == code
    assert "Traceback" not in ended.err
    if number is signal.SIGINT and as_json:
        assert '"error_code": "interrupted"' in ended.out
    elif number is signal.SIGINT:
        assert (ended.out, ended.err) == ("", "Interrompido.\n")
    assert balcao.postmaster() is None
    titles, half = asyncio.run(examine(balcao.data))
    assert half == []
    assert len(titles) < DOCUMENTS


def test_the_next_command_finds_a_server_that_was_left_or_killed(balcao: Balcao) -> None:
    assert balcao.run("ingerir", EXAMPLES / "lei-organica.md").code == 0
    with balcao.serving() as abandoned:
        abandoned.process.kill()
        abandoned.process.wait()
        assert balcao.postmaster() is not None, "a killed command cannot stop its server"
    listed = balcao.run("documentos", "listar", "--json")
    assert (listed.code, len(listed.rows())) == (0, 1)
    assert balcao.postmaster() is None, "the last one out stops what the killed one left"

    with balcao.serving() as serving:
        assert balcao.kill_server()
        listed = balcao.run("documentos", "listar", "--json")
        assert (listed.code, len(listed.rows())) == (0, 1)
        assert balcao.postmaster() is not None, "it is still used"
        response = httpx.get(f"{serving.url}/health", timeout=20)
        assert response.status_code == 200, "the one that lost its server goes on with the new one"
        assert serving.stop(signal.SIGINT).code == 0


def test_two_commands_that_ingest_the_same_folder_at_once_take_each_document_once(balcao: Balcao) -> None:
    rivals = [balcao.start("ingerir", EXAMPLES, "--json") for _ in range(3)]
    finished = [finish(rival) for rival in rivals]
    assert [(each.code, each.err) for each in finished] == [(0, "")] * 3
    assert sum(each.out.count('"situacao": "novo"') for each in finished) == 8
    assert sum(each.out.count('"situacao": "duplicado"') for each in finished) == 16
    assert balcao.postmaster() is None
    titles, half = asyncio.run(examine(balcao.data))
    assert half == []
    assert len(titles) == len(set(titles)) == 8
