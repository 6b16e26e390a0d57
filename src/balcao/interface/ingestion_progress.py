"""The progress of an ingestion on a terminal: files, the current document's chunks, rate, time left, tokens."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from balcao.application.ingestion import JobProgress
from balcao.domain.ingestion_job import JobStep

_STEPS = {
    JobStep.LER: "lendo",
    JobStep.DIVIDIR: "dividindo",
    JobStep.VETORES: "vetores",
    JobStep.PUBLICAR: "publicando",
}


class IngestionProgress:
    """``with`` it: two bars on standard error, gone at the end; silent when told to, or where there is no terminal."""

    def __init__(self, files: int, *, quiet: bool = False) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            _Tokens(),
            console=Console(file=sys.stderr),
            disable=quiet or not sys.stderr.isatty(),
            transient=True,
        )
        self._files = self._bars.add_task("arquivos", total=files, tokens=0)
        self._current = self._bars.add_task("", total=None, tokens=0)
        self._spent = 0
        self._name = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, name: str) -> None:
        """The next file."""
        self._name = name[:40]
        self._bars.reset(self._current, total=None, description=self._name, tokens=0)

    def report(self, job: JobProgress) -> None:
        """How far the current file is."""
        self._bars.update(
            self._current,
            description=f"{self._name} ({_STEPS[job.step]})",
            completed=job.done,
            total=job.total or None,
            tokens=job.tokens,
        )

    def end(self, tokens: int) -> None:
        """The current file is done with."""
        self._spent += tokens
        self._bars.update(self._files, advance=1, tokens=self._spent)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class _Tokens(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.fields['tokens']} tokens")
