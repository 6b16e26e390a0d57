"""``make bench``: measures and prints JSON, a table, and which targets are met.

Collections are generated, so that anyone can repeat it, and thrown away at the end. With ``--gravar`` the figures are
also written to docs/desempenho.md. Arguments choose benchmarks by a part of their title. Ends with 1 when a target that
must be met is not.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import uvloop

from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.logs import configure_logs
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.container import embedded_accesses, open_container
from benchmarks.growth import growth
from benchmarks.measurement import Measurement
from benchmarks.registry import Benchmark, Workbench, all_benchmarks
from benchmarks.report import Run, machine, table, versions, write_page


def main() -> int:
    """Run what the command line asks for; the process's exit code."""
    arguments = _arguments()
    configure_logs("ERROR")
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    wanted = [one for one in all_benchmarks() if not arguments.titles or _is_wanted(one, arguments.titles)]
    started = time.monotonic()
    lines: list[Measurement] = []
    for one in wanted:
        print(f"{time.monotonic() - started:6.0f} s  {one.title}", file=sys.stderr, flush=True)
        lines += uvloop.run(_run(one))
    lines += growth(lines)
    run = Run(machine=machine(), versions=versions(), seconds=round(time.monotonic() - started), lines=lines)
    print(json.dumps(asdict(run), ensure_ascii=False))
    print(table(run), file=sys.stderr)
    if arguments.write:
        write_page(run)
    return 1 if any(line.gate and line.passes is False for line in lines) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("titles", nargs="*", metavar="PARTE_DO_TITULO")
    parser.add_argument("--gravar", dest="write", action="store_true", help="grava docs/desempenho.md")
    return parser.parse_args()


def _is_wanted(one: Benchmark, parts: list[str]) -> bool:
    return any(part.casefold() in one.title.casefold() for part in parts)


async def _run(one: Benchmark) -> list[Measurement]:
    """On a server of its own, so that what one leaves in memory does not help the next."""
    folder = Path(tempfile.mkdtemp(prefix="balcao-bench-"))
    settings = Settings(balcao_data_dir=folder / "dados", log_level="ERROR")
    try:
        with EmbeddedPostgres(settings.balcao_data_dir) as server:
            accesses = await embedded_accesses(server)
            async with open_container(settings, accesses) as container:
                return await one.measure(
                    Workbench(
                        folder=folder,
                        data_directory=settings.balcao_data_dir,
                        server=server,
                        accesses=accesses,
                        container=container,
                    )
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
