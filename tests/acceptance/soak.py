"""``make soak T=Q1``: runs a check at its full count, then its mutant, and records both in docs/garantias.md.

Arguments: codes, or ``todos``. Ends with 1 when there was a violation or a mutant went unnoticed, with 2 when it was
not run. With ``--rascunho`` the row is printed and not recorded, which is all that uncommitted work may have.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from balcao.infrastructure.database.embedded import EmbeddedPostgres
from balcao.infrastructure.logs import configure_logs
from tests.acceptance.checks import Check, all_checks
from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.guarantees import DOCUMENT, Guarantee, with_row

_REPOSITORY = DOCUMENT.parents[1]
_COMMITTED = ("src", "tests")


def main() -> int:
    """Run what the command line asks for; the process's exit code."""
    checks = all_checks()
    arguments = _arguments()
    codes = list(checks) if arguments.codes == ["todos"] else arguments.codes
    if unknown := [code for code in codes if code not in checks]:
        print(f"Código desconhecido: {', '.join(unknown)}. Existem: {', '.join(checks)}, ou todos.", file=sys.stderr)
        return 2
    if not arguments.draft and (changes := _git("status", "--porcelain", "--", *_COMMITTED)):
        print(
            f"Nada foi executado: há mudanças sem commit, e a linha não diria o que foi verificado.\n{changes}\n"
            "Faça o commit, ou use --rascunho para executar sem gravar.",
            file=sys.stderr,
        )
        return 2
    configure_logs("ERROR")
    folder = Path(tempfile.mkdtemp(prefix="balcao-"))
    try:
        with EmbeddedPostgres(folder / "dados") as server:
            environment = AcceptanceEnvironment(server=server, folder=folder)
            passed = [_run(checks[code], environment, record=not arguments.draft) for code in codes]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(passed) else 1


def _run(check: Check, environment: AcceptanceEnvironment, *, record: bool) -> bool:
    """Run one check and its mutant; whether it holds and can fail."""
    started = time.monotonic()
    violations = asyncio.run(check.violations(check.full, environment))
    seconds = time.monotonic() - started
    row = Guarantee(
        check.code,
        check.tries,
        check.full,
        violations,
        _git("rev-parse", "--short", "HEAD"),
        datetime.now(UTC).date().isoformat(),
        round(seconds),
        check.mutant,
        asyncio.run(check.violations_of_mutant(check.bounded, environment)),
    )
    print(row, flush=True)
    if record:
        DOCUMENT.write_text(with_row(DOCUMENT.read_text(encoding="utf-8"), row), encoding="utf-8")
    return row.violations == 0 and row.mutant_violations > 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description="Executa verificações de aceitação por inteiro.")
    parser.add_argument("codes", metavar="CÓDIGO", nargs="+", help="códigos, como T2; ou todos")
    parser.add_argument("--rascunho", dest="draft", action="store_true", help="imprime a linha, sem gravar")
    return parser.parse_args()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_REPOSITORY), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
