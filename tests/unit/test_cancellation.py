"""Work that a cancellation would leave in doubt ends, is undone if it was done, and the cancellation stays one."""

import asyncio

import pytest

from balcao.application.cancellation import undone_if_cancelled
from balcao.domain.errors import IngestionInProgress


@pytest.mark.parametrize("failure", [None, IngestionInProgress()])
async def test_a_cancellation_is_one_whatever_becomes_of_the_work(failure: Exception | None) -> None:
    begun, may_end, undone = asyncio.Event(), asyncio.Event(), list[str]()

    async def work() -> str:
        begun.set()
        await may_end.wait()
        if failure:
            raise failure
        return "feito"

    async def undo(result: str) -> None:
        undone.append(result)

    task = asyncio.create_task(undone_if_cancelled(work(), undo))
    await begun.wait()
    task.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert undone == ([] if failure else ["feito"])


async def test_without_a_cancellation_the_result_is_the_works() -> None:
    async def undo(_result: str) -> None:
        raise AssertionError

    async def work() -> str:
        return "feito"

    assert await undone_if_cancelled(work(), undo) == "feito"
