"""Q4: three processes that are killed while they ask: the quota holds at every moment, and every book agrees after."""

import asyncio
import random
from collections.abc import Callable

from tests.acceptance.asking_process import FAITHFUL, WITHOUT_CONDITION, asking_processes
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.metered_chat import MeteredInstallation, metered_installation
from tests.acceptance.paid_provider import Calls, PaidProvider

CODE = "Q4"
TRIES = "rodadas de 200 perguntas ao mesmo tempo, de três processos que recebem SIGKILL em um momento qualquer"
FULL = 50
BOUNDED = 1
MUTANT = "a reserva sem a sua condição"

_PROCESSES = 3
_QUESTIONS = 200
_QUOTA = 20_000
"""For some eighty answers; 200 would cost 50,000 tokens."""

_SECONDS_BETWEEN_SAMPLES = 0.02


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Moments above the quota, books that disagree and reservations that stay open, in this many rounds."""
    return sum([await _round(environment, number, FAITHFUL) for number in range(attempts)])


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where whoever asks for tokens gets them."""
    return await _round(environment, attempts, WITHOUT_CONDITION)


async def test_q4(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_q4_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


async def _round(environment: AcceptanceEnvironment, number: int, way: str) -> int:
    """One round; its processes die after as many calls of the provider as chance says, or at their end if it comes
    before that: where others hold what is left, a question is served without a call.
    """
    calls = Calls(random.Random(number).randint(1, _QUESTIONS // 4))  # noqa: S311 - moments, not secrets
    async with metered_installation(environment, quota=_QUOTA) as installation:
        with PaidProvider(arrived=calls) as provider:
            async with asking_processes(
                installation, provider, processes=_PROCESSES, questions=_QUESTIONS, way=way
            ) as processes:
                for process in processes:
                    process.ask()
                ended = asyncio.gather(*(process.outcomes() for process in processes), return_exceptions=True)
                over = await _sample(installation, lambda: calls.enough.is_set() or ended.done())
                for process in processes:
                    await process.kill()
                await ended
        over += (await installation.books()).spent > _QUOTA
        await installation.settle_expired()
        books = await installation.books()
        return over + books.disagreements + (books.reserved > 0) + (books.ledger == 0)


async def _sample(installation: MeteredInstallation, is_over: Callable[[], bool]) -> int:
    """How often more was spent and reserved than the quota allows, until then."""
    over = 0
    while not is_over():
        over += (await installation.books()).spent > _QUOTA
        await asyncio.sleep(_SECONDS_BETWEEN_SAMPLES)
    return over
