"""Q1: questions asked at once from three processes never spend more than the quota, at no moment."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from tests.acceptance.asking_process import CHECK_THEN_ADD, FAITHFUL, WITHOUT_CONDITION, asking_processes
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.metered_chat import Books, MeteredInstallation, metered_installation
from tests.acceptance.paid_provider import PaidProvider

CODE = "Q1"
TRIES = "500 perguntas ao mesmo tempo, de três processos, com quota para poucas; a quota é lida o tempo todo"
FULL = 500
BOUNDED = 60
MUTANT = "a reserva sem a sua condição"

_PROCESSES = 3
_QUOTA = 2_500
"""For some five answers: each costs about 250 tokens, and reserves 1,850 until its passages are known. So little that
the naive way overspends even where one process is done before the next begins.
"""

_SECONDS_BETWEEN_SAMPLES = 0.02

_NAIVE_OVERSPENDS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What became of the questions, and what the quota looked like meanwhile and at the end."""

    ended: Counter[str]
    samples: int
    over: int
    books: Books


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Moments above the quota, books that disagree; and rounds that showed nothing, the naive way's included."""
    round_ = await _round(attempts, environment, FAITHFUL)
    naive = await _round(min(attempts, BOUNDED), environment, CHECK_THEN_ADD)
    showed_nothing = not (round_.samples and round_.ended["resposta"] and round_.ended["busca"])
    is_no_test = naive.books.periods < _NAIVE_OVERSPENDS * _QUOTA
    return _violations_of(round_) + showed_nothing + is_no_test + (round_.ended.total() != attempts)


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same where whoever asks for tokens gets them."""
    return _violations_of(await _round(min(attempts, BOUNDED), environment, WITHOUT_CONDITION))


async def test_q1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_q1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


def _violations_of(round_: Round) -> int:
    books = round_.books
    return round_.over + (books.spent > books.quota) + books.disagreements + (books.reserved != 0)


async def _round(questions: int, environment: AcceptanceEnvironment, way: str) -> Round:
    async with metered_installation(environment, quota=_QUOTA) as installation:
        with PaidProvider() as provider:
            async with asking_processes(
                installation, provider, processes=_PROCESSES, questions=questions, way=way
            ) as processes:
                done = asyncio.Event()
                sampler = asyncio.create_task(_sample(installation, done))
                for process in processes:
                    process.ask()
                ended = sum([await process.outcomes() for process in processes], Counter[str]())
                done.set()
                samples, over = await sampler
        return Round(ended=ended, samples=samples, over=over, books=await installation.books())


async def _sample(installation: MeteredInstallation, done: asyncio.Event) -> tuple[int, int]:
    """How often the quota was looked at until then, and how often more was spent and reserved than it allows."""
    samples = over = 0
    while not done.is_set():
        books = await installation.books()
        samples += books.spent > 0
        over += books.spent > books.quota
        await asyncio.sleep(_SECONDS_BETWEEN_SAMPLES)
    return samples, over
