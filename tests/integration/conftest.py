"""The command line over a real database."""

from pathlib import Path

import pytest

from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.interface.cli import main
from tests.command_line import Run


@pytest.fixture
def run(
    accesses: DatabaseAccesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command on a database of the test's own: its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BALCAO_DATA_DIR", str(tmp_path / "dados"))
    for name, access in (("", accesses.app), ("ADMIN_", accesses.admin), ("OPERATOR_", accesses.operator)):
        monkeypatch.setenv(f"DATABASE_{name}URL", access.url)

    def run_command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        code = ended.value.code
        return int(code or 0), capsys.readouterr().out

    return run_command
