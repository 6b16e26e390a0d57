"""X2: hostile files end in the process that reads them, with a reason, while whoever asks is answered as before."""

import asyncio
import json
import re
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.hostile_files import CANARY, HOSTILE_FILES, HostileFile

CODE = "X2"
TRIES = "arquivos hostis: até 30 s (e 30 s por página de OCR) e 512 MB, com motivo; enquanto isso, chat até 2x"
FULL = len(HOSTILE_FILES)
BOUNDED = 10
MUTANT = "leitura sem limite de memória, de processador e de tamanho"

_REPOSITORY = Path(__file__).parents[2]
_LONGEST_SECONDS = 30.0
_MOST_MEMORY = 512 * 2**20
_LAW = "Art. 1º Esta lei entra em vigor na data de sua publicação.\n"
_FOREIGN = re.compile(r"Traceback|Error|Exception|error:|/tmp/|object at 0x")
_SHORTEST_REASON = 30
_ASKED_BEFORE = 40
_MOST_SLOWER = 2.0
_NO_LIMITS = {
    "unpacked_size": 10**12,
    "memory": 4 * 2**30,
    "cpu_seconds": 600,
    "wall_seconds": 10.0,
    "text_length": 10**12,
}
_MUTANT_TRIES = "celulas.odt"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    text: str | None
    error: str | None
    seconds: float
    peak: int


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Deaths, files that cost too much or were refused without a reason, and at full count a chat that got slower."""
    files = HOSTILE_FILES[:attempts]
    if attempts < FULL:
        return await _attack(files, environment.new_folder(), {})
    async with environment.start_server(await environment.new_accesses(), **_OPEN) as server:
        before = await _ask(server.url, _ASKED_BEFORE)
        attack = asyncio.create_task(_attack(files, environment.new_folder(), {}))
        during: list[float] = []
        while not attack.done():
            during += await _ask(server.url, 1)
        after = await _ask(server.url, _ASKED_BEFORE)
    idle = statistics.median(before + after)
    return await attack + (statistics.median(during) > _MOST_SLOWER * idle)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with a file that takes memory, where nothing limits what reading it costs."""
    files = [file for file in HOSTILE_FILES if file.name == _MUTANT_TRIES]
    return await _attack(files, environment.new_folder(), _NO_LIMITS)


async def test_x2(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_x2_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


_OPEN = {"MAX_DAILY_MESSAGES": "1000000", "ANONYMOUS_DAILY_PER_ADDRESS": "1000000"}


async def _attack(files: Sequence[HostileFile], folder: Path, limits: dict[str, float]) -> int:
    """Give the files to a worker, an honest one after each; everything that was wrong."""
    secret, honest = folder / "segredo.txt", folder / "lei.txt"
    secret.write_text(CANARY, encoding="utf-8")
    honest.write_text(_LAW, encoding="utf-8")
    found = peak = 0
    async with _worker(limits) as worker:
        for file in files:
            path = folder / file.name
            path.write_bytes(await asyncio.to_thread(file.make, secret))
            answer, next_job = await _given(worker, path), await _given(worker, honest)
            path.unlink()
            served = next_job is not None and next_job.text == _LAW.rstrip()
            found += int(answer is None or _is_wrong(file, answer)) + int(not served)
            if answer is None or next_job is None:
                return found + 1
            found += int(answer.peak > max(peak, _MOST_MEMORY))
            peak = answer.peak
    return found + sum(entry.name.startswith("fuga") for entry in folder.parent.rglob("*"))


def _is_wrong(file: HostileFile, answer: _Answer) -> bool:
    """Whether a file was read that must not be, gave away a secret, took too long, or was refused without a reason."""
    if answer.seconds > _LONGEST_SECONDS * (1 + file.scans) + 1 or CANARY in f"{answer.text}{answer.error}":
        return True
    if answer.error is None:
        return file.says is not None
    reason = answer.error.removeprefix(f"{file.name}: ")
    named = reason != answer.error and len(reason) >= _SHORTEST_REASON and not _FOREIGN.search(reason)
    return not (named and re.search(file.says or "", reason))


@asynccontextmanager
async def _worker(limits: dict[str, float]) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.acceptance.extraction_worker", json.dumps(limits))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=_REPOSITORY, limit=2**20)
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _given(worker: Process, path: Path) -> _Answer | None:
    """What the worker says of a file; None where it is dead."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(f"{path}\n".encode())
        await worker.stdin.drain()
    except ConnectionError:
        return None
    line = await worker.stdout.readline()
    return _Answer(**json.loads(line)) if line else None


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
