"""Commands run in this process, and what they print."""

import json
from collections.abc import Callable

Run = Callable[..., tuple[int, str]]


def value(run: Run, *arguments: str) -> object:
    """The one JSON value of a command that succeeds."""
    code, printed = run(*arguments, "--json")
    assert code == 0, printed
    read: object = json.loads(printed)
    return read


def record(run: Run, *arguments: str) -> dict[str, object]:
    """The JSON object of a command that succeeds."""
    found = value(run, *arguments)
    assert isinstance(found, dict)
    return found
