"""The acceptance checks as values, found in this folder by their file names."""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.environment import Attempt

_FOLDER = Path(__file__).parent
_FILE_NAME = re.compile(r"test_([a-z]\d+)_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One module ``test_<code>_*.py``; what its names mean stands in ``environment``."""

    code: str
    tries: str
    full: int
    bounded: int
    mutant: str
    violations: Attempt
    violations_of_mutant: Attempt


def order_of(code: str) -> tuple[str, int]:
    """Sorting key: T2 comes before T10."""
    return code[0], int(code[1:])


def all_checks() -> dict[str, Check]:
    """Every check by its code, in order.

    Raises:
        AttributeError: a module lacks one of the names that make it a check.
        ValueError: a module's CODE is not the one in its file name, or is another module's too.
    """
    found: dict[str, Check] = {}
    for path in sorted(_FOLDER.glob("test_*.py")):
        match = _FILE_NAME.fullmatch(path.stem)
        if match is None:
            continue
        check = _load(path.stem)
        if check.code != match[1].upper() or check.code in found:
            raise ValueError(f"{path.name}: its CODE is {check.code}")
        found[check.code] = check
    return {code: found[code] for code in sorted(found, key=order_of)}


def _load(name: str) -> Check:
    module = importlib.import_module(f"tests.acceptance.{name}")
    return Check(
        code=module.CODE,
        tries=module.TRIES,
        full=module.FULL,
        bounded=module.BOUNDED,
        mutant=module.MUTANT,
        violations=module.violations,
        violations_of_mutant=module.violations_of_mutant,
    )
