"""X2: hostile files end in the process that reads them, with a reason, while whoever asks is answered as before.

The worker is the product's own: ``balcao trabalhador``, over files that are registered as the API registers them.
"""

import asyncio
import re
import statistics
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from balcao.application.use_cases.register_document import RegisterRequest
from balcao.domain.errors import BalcaoError
from balcao.domain.ingestion_job import JobState
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.hostile_files import CANARY, HOSTILE_FILES, HostileFile
from tests.acceptance.ingestion_scene import IngestionScene, ingestion_scene

CODE = "X2"
TRIES = "arquivos hostis: até 30 s (e 30 s por página de OCR) e 512 MB, com motivo; enquanto isso, chat até 2x"
FULL = len(HOSTILE_FILES)
BOUNDED = 10
MUTANT = "leitura sem limite de memória, de processador e de tamanho"

_LONGEST_SECONDS = 30.0
_MOST_MEMORY = 512 * 2**20
_LAW = "Art. 1º A lei de número {} entra em vigor na data de sua publicação."
_FOREIGN = re.compile(r"Traceback|Error|Exception|error:|/tmp/|object at 0x")
_SHORTEST_REASON = 30
_ASKED_BEFORE = 40
_MOST_SLOWER = 2.0
_SECONDS_TO_GIVE_UP = 60.0
_WORKER = """
import resource
from pathlib import Path
from balcao.interface.cli import main

try:
    main()
finally:
    Path({peak!r}).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))
"""
_WITHOUT_LIMITS = """
from functools import partial
from balcao.infrastructure.external.extraction import extractor

extractor.ExtractionLimits = partial(
    extractor.ExtractionLimits,
    unpacked_size=10**12, memory=4 * 2**30, cpu_seconds=600, wall_seconds=10.0, text_length=10**12,
)
"""
_MUTANT_TRIES = "celulas.odt"
_OPEN = {"MAX_DAILY_MESSAGES": "1000000", "ANONYMOUS_DAILY_PER_ADDRESS": "1000000"}
_ENDED = "SELECT estado, motivo FROM trabalho_ingestao WHERE id = $1"
_TEXT = "SELECT conteudo FROM documento WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of a file; neither text nor reason where its job never ended."""

    text: str | None = None
    reason: str | None = None
    seconds: float = 0.0


async def _outcome(scene: IngestionScene, path: Path, worker: Process, seconds: float) -> _Outcome:
    """Have the worker take a file in."""
    started = time.monotonic()
    try:
        registered = await scene.container.collection.register.execute(RegisterRequest(path=path, file_name=path.name))
    except BalcaoError as refusal:
        return _Outcome(reason=refusal.message, seconds=time.monotonic() - started)
    while worker.returncode is None and time.monotonic() - started < seconds:
        job = await scene.admin.fetchrow(_ENDED, registered.job_id)
        assert job is not None
        if job["estado"] in (JobState.CONCLUIDO, JobState.FALHOU):
            text = await scene.admin.fetchval(_TEXT, registered.document_id)
            return _Outcome(text=text, reason=job["motivo"], seconds=time.monotonic() - started)
        await asyncio.sleep(0.05)
    return _Outcome(seconds=time.monotonic() - started)


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Deaths, files that cost too much or were refused without a reason, and at full count a chat that got slower."""
    files = HOSTILE_FILES[:attempts]
    async with ingestion_scene(environment) as scene:
        if attempts < FULL:
            return await _attack(scene, files)
        async with environment.start_server(scene.accesses, **_OPEN) as server:
            before = await _ask(server.url, _ASKED_BEFORE)
            attack = asyncio.create_task(_attack(scene, files))
            during: list[float] = []
            while not attack.done():
                during += await _ask(server.url, 1)
            after = await _ask(server.url, _ASKED_BEFORE)
    slower = statistics.median(during) / statistics.median(before + after)
    if slower > _MOST_SLOWER:
        structlog.get_logger().error("x2", chat_slower=round(slower, 2))
    return await attack + (slower > _MOST_SLOWER)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with a file that takes memory, where nothing limits what reading it costs."""
    files = [file for file in HOSTILE_FILES if file.name == _MUTANT_TRIES]
    async with ingestion_scene(environment) as scene:
        return await _attack(scene, files, _WITHOUT_LIMITS)


async def test_x2(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_x2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _attack(scene: IngestionScene, files: Sequence[HostileFile], changes: str = "") -> int:
    """Give the files to a worker, an honest one after each; everything that was wrong."""
    folder = scene.environment.new_folder()
    secret, peak = folder / "segredo.txt", folder / "pico"
    secret.write_text(CANARY, encoding="utf-8")
    found = 0
    async with _worker(scene, changes + _WORKER.format(peak=str(peak))) as worker:
        for number, file in enumerate(files):
            path, honest = folder / file.name, folder / f"lei-{number}.txt"
            path.write_bytes(await asyncio.to_thread(file.make, secret))
            honest.write_text(_LAW.format(number), encoding="utf-8")
            most = _LONGEST_SECONDS * (1 + file.scans)
            outcome = await _outcome(scene, path, worker, most + _SECONDS_TO_GIVE_UP)
            wrong = outcome.seconds > most + 1 or _is_wrong(file, outcome)
            served = (await _outcome(scene, honest, worker, _SECONDS_TO_GIVE_UP)).text == _LAW.format(number)
            path.unlink()
            if wrong or not served:
                structlog.get_logger().error(
                    "x2", file=file.name, wrong=wrong, served=served, outcome=repr(outcome)[:300]
                )
            found += wrong + (not served)
            if worker.returncode is not None:
                return found + 1
    too_much = int(peak.read_text()) > _MOST_MEMORY
    return found + too_much + sum(entry.name.startswith("fuga") for entry in scene.environment.folder.rglob("*"))


def _is_wrong(file: HostileFile, outcome: _Outcome) -> bool:
    """Whether a file was read that must not be, gave away a secret, or was refused without a reason, or not at all."""
    if CANARY in f"{outcome.text}{outcome.reason}":
        return True
    if outcome.reason is None:
        return outcome.text is None or file.says is not None
    if len(outcome.reason) < _SHORTEST_REASON or _FOREIGN.search(outcome.reason):
        return True
    return file.says is not None and not re.match(f"{re.escape(file.name)}: .*(?:{file.says})", outcome.reason)


@asynccontextmanager
async def _worker(scene: IngestionScene, program: str) -> AsyncIterator[Process]:
    file = scene.environment.new_folder() / "trabalhador.py"
    file.write_text(program, encoding="utf-8")
    process = await scene.environment.start_command(
        scene.accesses, scene.settings.balcao_data_dir, "trabalhador", program=file
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ask(url: str, count: int) -> list[float]:
    """Seconds that each of so many questions took."""
    taken = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for _ in range(count):
            started = time.monotonic()
            answer = await client.post("/api/v1/chat/ask", json={"message": "Quando a lei entra em vigor?"})
            answer.raise_for_status()
            taken.append(time.monotonic() - started)
    return taken
