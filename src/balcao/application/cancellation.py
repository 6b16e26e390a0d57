"""What a cancellation must not leave in doubt."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")


async def undone_if_cancelled(work: Coroutine[object, object, T], undo: Callable[[T], Awaitable[object]]) -> T:
    """The result of the work, which goes on to its end even when the caller is cancelled, and is then undone.

    A database that is told to stop may have done it all the same: only its answer says whether there is something to
    undo.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        (done,) = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(done, BaseException):
            await undo(done)
        raise
