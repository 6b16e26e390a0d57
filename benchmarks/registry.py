"""The benchmarks that ``make bench`` runs: every module of this package that registers one."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import benchmarks
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.interface.dependencies.container import Container
from benchmarks.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """What a benchmark works on, thrown away after: a server, its migrated database, the program over it, a folder."""

    folder: Path
    data_directory: Path
    server: EmbeddedPostgres
    accesses: DatabaseAccesses
    container: Container


Measure = Callable[[Workbench], Awaitable[list[Measurement]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """``measure`` gets a workbench of its own. ``title`` is for people; lower ``place`` runs first."""

    title: str
    place: int
    measure: Measure


_registered: list[Benchmark] = []


def benchmark(title: str, *, place: int = 50) -> Callable[[Measure], Measure]:
    """Register the decorated function."""

    def register(measure: Measure) -> Measure:
        _registered.append(Benchmark(title=title, place=place, measure=measure))
        return measure

    return register


def all_benchmarks() -> list[Benchmark]:
    """Those of every module of the package, in their order."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name not in ("__main__", "chroma_process"):
            importlib.import_module(f"benchmarks.{module.name}")
    return sorted(_registered, key=lambda one: (one.place, one.title))
