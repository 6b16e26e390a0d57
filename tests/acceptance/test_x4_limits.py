"""X4: neither who sends too much nor who sends too slowly takes the service from the others."""

import asyncio

from tests.acceptance.environment import AcceptanceEnvironment, RunningServer
from tests.acceptance.slow_clients import SLOW_WAYS, errors_of_honest_people, is_closed_within, upload

CODE = "X4"
TRIES = "conexões lentas, 95 % fechadas em 30 s sem erro para 50 pessoas; corpos de 300 MB recusados sem ocupar memória"
FULL = 500
BOUNDED = 100
MUTANT = "limites de 1 GiB e 10 minutos"

MIB = 1024 * 1024
BODY_BYTES = 300 * MIB
LARGEST_GROWTH = 64 * MIB
LEAST_CLOSED = 0.95
PEOPLE = 50
SECONDS = 30.0
SHORT_SECONDS = 6.0
SHORT = {"REQUEST_HEAD_SECONDS": "3", "REQUEST_BODY_SECONDS": "3"}
"""The suite waits for shorter deadlines; at full count the installation's own are tried."""
NO_LIMITS = {"MAX_BODY_BYTES": str(1024 * MIB), "REQUEST_HEAD_SECONDS": "600", "REQUEST_BODY_SECONDS": "600"}


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Slow connections too many left open, errors of honest people, and large bodies that were let in."""
    accesses = await environment.new_accesses()
    full = attempts >= FULL
    async with environment.start_server(accesses, **({} if full else SHORT)) as server:
        return await _let_in(server, BODY_BYTES) + await _harm_of_slow_ones(
            server, attempts, SECONDS if full else SHORT_SECONDS
        )


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where nothing is limited, with one smaller body; 0 where either half goes unnoticed."""
    accesses = await environment.new_accesses()
    async with environment.start_server(accesses, **NO_LIMITS) as server:
        let_in = await _is_let_in(server, BODY_BYTES // 4, chunked=False)
        harm = await _harm_of_slow_ones(server, attempts, SHORT_SECONDS)
    return let_in + harm if let_in and harm else 0


async def test_x4(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_x4_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _let_in(server: RunningServer, size: int) -> int:
    """How many of two large bodies, one announced and one in chunks, were not answered 413 or took memory."""
    return sum([await _is_let_in(server, size, chunked=chunked) for chunked in (False, True)])


async def _is_let_in(server: RunningServer, size: int, *, chunked: bool) -> bool:
    memory = [server.process.memory_info().rss]

    def measure() -> None:
        memory.append(server.process.memory_info().rss)

    answer, sent = await asyncio.to_thread(upload, server.url, size, chunked=chunked, after_each=measure)
    measure()
    return not answer.startswith(b"HTTP/1.1 413 ") or max(memory) - memory[0] > LARGEST_GROWTH or sent >= size


async def _harm_of_slow_ones(server: RunningServer, count: int, seconds: float) -> int:
    over = asyncio.Event()
    people = asyncio.create_task(errors_of_honest_people(server.url, PEOPLE, over))
    ways = [SLOW_WAYS[number % len(SLOW_WAYS)] for number in range(count)]
    closed = await asyncio.gather(*(is_closed_within(server.url, way, seconds) for way in ways))
    over.set()
    made, failed = await people
    assert made >= PEOPLE
    return failed + max(0, round(LEAST_CLOSED * count) - sum(closed))
