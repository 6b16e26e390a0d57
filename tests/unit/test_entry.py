"""Ctrl-C while the commands are being loaded is one word, not a stack."""

import sys
from types import ModuleType

import pytest

from balcao.interface import entry


class Interrupting(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name == "main":
            raise KeyboardInterrupt
        raise AttributeError(name)


def test_an_interrupted_start_ends_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "balcao.interface.cli", Interrupting("balcao.interface.cli"))
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "Interrompido.\n")
