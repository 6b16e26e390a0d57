"""The worker beside the server: a process of its own, so that reading and embedding never hold an answer up."""

import asyncio
import sys
from contextlib import suppress

import structlog

_ENTRY = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "from balcao.interface.worker import child_main; child_main()"
)
"""The terminal's Ctrl-C is the server's to answer, and may come while the worker is still importing."""

_SECONDS_TO_FINISH = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_SECONDS_OF_HEALTH = 60.0
_log = structlog.get_logger("balcao.server")


async def keep_worker_running() -> None:
    """Run one until cancelled; when it dies, another, after a pause that grows while they die young."""
    pause = _FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        code = await _run_one()
        pause = _FIRST_PAUSE if loop.time() - started > _SECONDS_OF_HEALTH else min(pause * 2, _LONGEST_PAUSE)
        _log.warning("worker_ended", code=code, restart_in_seconds=pause)
        await asyncio.sleep(pause)


async def _run_one() -> int:
    """Start a worker and wait for its end; its standard input is a pipe that ends with this process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _ENTRY), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS_TO_FINISH):
                    await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
