"""The benchmark's end of the pipe to ChromaDB's process."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class Chroma:
    """``with Chroma(folder) as chroma:`` ChromaDB over a folder, alive until the block ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.chroma_process", str(self.folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def add(self, vectors: Path, texts: Path, first: int, count: int) -> tuple[float, float]:
        """Seconds until committed, and until its index holds the rows."""
        answer = self._ask(command="add", vectors=str(vectors), texts=str(texts), first=first, count=count)
        return _number(answer["committed"]), _number(answer["indexed"])

    def query(
        self, vectors: Path, first: int, count: int, theme: str | None = None
    ) -> tuple[list[float], list[list[str]]]:
        """Seconds of each query, and the ids that it found."""
        answer = self._ask(command="query", vectors=str(vectors), first=first, count=count, theme=theme)
        seconds, found = answer["seconds"], answer["found"]
        assert isinstance(seconds, list)
        assert isinstance(found, list)
        return seconds, found

    def together(self, vectors: Path, clients: int, each: int) -> float:
        """Seconds for ``clients`` threads to ask ``each`` queries."""
        answer = self._ask(command="together", vectors=str(vectors), clients=clients, each=each)
        return _number(answer["seconds"])

    def memory(self) -> int:
        """Bytes that its process holds, shared pages divided by their users."""
        return int(_number(self._ask(command="memory")["bytes"]))

    def disk(self) -> int:
        """Bytes of its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def _ask(self, **command: object) -> dict[str, object]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"o processo do ChromaDB terminou com código {self._process.wait()}")
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
