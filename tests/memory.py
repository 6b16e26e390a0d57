"""How much memory something takes."""

import threading
from types import TracebackType
from typing import Self

import psutil

_SECONDS_BETWEEN_LOOKS = 0.005


class PeakMemory:
    """The growth of this process's resident memory in bytes, at its most, looked at over and over meanwhile."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._peak = self._process.memory_info().rss
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    @property
    def growth(self) -> int:
        return self._peak - self._before

    def __enter__(self) -> Self:
        self._before = self._peak = self._process.memory_info().rss
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS_BETWEEN_LOOKS):
            self._peak = max(self._peak, self._process.memory_info().rss)
