"""Chores go on after a failure, apart from one another, and end with the server."""

import asyncio

import pytest

from balcao.domain.errors import DatabaseUnreachable
from balcao.interface.background import Chore, doing


@pytest.mark.parametrize("failure", [DatabaseUnreachable(), ZeroDivisionError()])
async def test_a_chore_that_fails_is_done_again_and_others_do_not_notice(failure: Exception) -> None:
    done: dict[str, asyncio.Event] = {"falha": asyncio.Event(), "segue": asyncio.Event()}
    times = {"falha": 0, "segue": 0}

    def chore(name: str) -> Chore:
        async def do() -> None:
            times[name] += 1
            if times[name] == 3:
                done[name].set()
            if name == "falha":
                raise failure

        return Chore(name=name, seconds=0, do=do)

    async with doing([chore("falha"), chore("segue")]):
        await asyncio.wait_for(asyncio.gather(*(event.wait() for event in done.values())), 10)
    ended = dict(times)
    for _ in range(5):
        await asyncio.sleep(0)
    assert times == ended


async def test_a_chore_under_way_is_cancelled_at_the_end() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def wait_for_ever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with doing([Chore(name="longa", seconds=0, do=wait_for_ever)]):
        await begun.wait()
    assert cancelled.is_set()
