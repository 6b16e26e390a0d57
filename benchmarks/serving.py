"""The real server in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProcess:
    """Where it answers, and which process it is."""

    address: str
    pid: int


def command(*arguments: str) -> list[str]:
    """The ``balcao`` command of this interpreter."""
    return [sys.executable, "-c", "from balcao.interface.cli import main; main()", *arguments]


def environment(data_directory: Path) -> dict[str, str]:
    """Only what the program needs, with limits that a benchmark does not meet."""
    return {
        "PATH": os.environ["PATH"],
        "BALCAO_DATA_DIR": str(data_directory),
        "LOG_LEVEL": "ERROR",
        "ANONYMOUS_DAILY_PER_ADDRESS": "1000000",
    }


@contextmanager
def served(data_directory: Path) -> Iterator[ServerProcess]:
    """``balcao servir`` on a free port, healthy; stopped at the end."""
    process = subprocess.Popen(
        command("servir", "--porta", "0"), env=environment(data_directory), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        words = (word for line in process.stdout for word in line.split())
        address = next(word for word in words if word.startswith("http://127."))
        assert httpx.get(f"{address}/health").json()["status"] == "healthy"
        yield ServerProcess(address=address, pid=process.pid)
    finally:
        process.terminate()
        process.communicate()
