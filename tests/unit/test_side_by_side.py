"""Two things at once: both end, whatever becomes of either."""

import asyncio

import pytest

from balcao.application.side_by_side import side_by_side
from balcao.domain.errors import DailyLimitReached, PrefeituraNotFound


async def _after(event: asyncio.Event, result: str) -> str:
    await event.wait()
    return result


async def test_each_may_wait_for_what_the_other_does() -> None:
    met = asyncio.Event()

    async def meet() -> int:
        met.set()
        return 7

    assert await side_by_side(_after(met, "fim"), meet()) == ("fim", 7)


async def test_a_failure_is_raised_once_the_other_has_ended() -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise DailyLimitReached

    async def end_later() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append("fim")

    with pytest.raises(DailyLimitReached):
        await side_by_side(fail(), end_later())
    assert ended == ["fim"]
    with pytest.raises(DailyLimitReached):
        await side_by_side(end_later(), fail())


async def test_of_two_failures_the_first_ones_is_told() -> None:
    async def no_prefeitura() -> None:
        raise PrefeituraNotFound

    async def no_more_today() -> None:
        raise DailyLimitReached

    with pytest.raises(PrefeituraNotFound):
        await side_by_side(no_prefeitura(), no_more_today())


async def test_who_gives_up_stops_both() -> None:
    never = asyncio.Event()
    stopped: list[str] = []

    async def wait(name: str) -> None:
        try:
            await never.wait()
        finally:
            stopped.append(name)

    both = asyncio.ensure_future(side_by_side(wait("um"), wait("outro")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    both.cancel()
    with pytest.raises(asyncio.CancelledError):
        await both
    assert sorted(stopped) == ["outro", "um"]
