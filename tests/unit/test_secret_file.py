"""The installation's secret: one for all processes, for its owner's eyes only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from balcao.domain.errors import InvalidConfiguration
from balcao.infrastructure.secret_file import FILE_NAME, read_or_create_secret

_STARTER = """
import sys
from pathlib import Path
from balcao.infrastructure.secret_file import read_or_create_secret

print("pronto", flush=True)
sys.stdin.readline()
print(read_or_create_secret(Path(sys.argv[1])).hex())
"""


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "nova"
    secret = read_or_create_secret(folder)
    assert len(secret) == 32
    assert read_or_create_secret(folder) == secret
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert os.listdir(folder) == [FILE_NAME]  # noqa: PTH208 - names, hidden ones too
    assert read_or_create_secret(tmp_path) != secret


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", _STARTER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    try:
        for starter in starters:
            assert starter.stdout is not None
            assert starter.stdout.readline() == "pronto\n"
        for starter in starters:
            assert starter.stdin is not None
            starter.stdin.write("agora\n")
            starter.stdin.flush()
        said = {starter.communicate(timeout=60)[0] for starter in starters}
    finally:
        for starter in starters:
            starter.kill()
            starter.wait()
    assert said == {f"{read_or_create_secret(tmp_path).hex()}\n"}
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_process_that_comes_second_keeps_the_firsts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_or_create_secret(tmp_path)
    unaware = iter([False])
    monkeypatch.setattr(Path, "exists", lambda _path: next(unaware, True))
    assert read_or_create_secret(tmp_path) == first


@pytest.mark.parametrize("content", [b"", b"curto", b"x" * 33])
def test_a_damaged_one_is_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(InvalidConfiguration, match="danificado"):
        read_or_create_secret(tmp_path)


def test_one_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    read_or_create_secret(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(InvalidConfiguration, match="chmod 600"):
        read_or_create_secret(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "arquivo").write_text("")
    with pytest.raises(InvalidConfiguration, match="BALCAO_SECRET_KEY"):
        read_or_create_secret(tmp_path / "arquivo" / "dados")
