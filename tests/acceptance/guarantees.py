"""The table of docs/garantias.md: what was shown, when, at which commit, and that the check can fail."""

import re
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.acceptance.checks import order_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "garantias.md"
HEADER = (
    "Código",
    "O que se tenta",
    "Tentativas",
    "Violações",
    "Commit",
    "Data",
    "Duração (s)",
    "Mutante",
    "Violações do mutante",
)
_CODE = re.compile(r"[A-Z]\d+")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One row, its fields in the order of the columns."""

    code: str
    tries: str
    attempts: int
    violations: int
    commit: str
    date: str
    seconds: int
    mutant: str
    mutant_violations: int

    def __post_init__(self) -> None:
        """Raise ValueError for what is not a code, a commit, a day or a cell of a table."""
        if not (_CODE.fullmatch(self.code) and _COMMIT.fullmatch(self.commit) and _DATE.fullmatch(self.date)):
            raise ValueError(f"not a code, a commit or a day: {self.code} {self.commit} {self.date}")
        if any("|" in text or "\n" in text or not text.strip() for text in (self.tries, self.mutant)):
            raise ValueError(f"not the text of a cell: {self.tries!r} {self.mutant!r}")

    def __str__(self) -> str:
        return "| " + " | ".join(str(value) for value in astuple(self)) + " |"


def read(text: str) -> list[Guarantee]:
    """The rows of the document's only table.

    Raises:
        ValueError: the document is not made that way.
    """
    lines = [line for line in text.splitlines() if line.startswith("|")]
    if lines[:2] != head():
        raise ValueError("the document has no table with the expected columns")
    return [_row(line) for line in lines[2:]]


def with_row(text: str, row: Guarantee) -> str:
    """The document with this row in its place, instead of the code's earlier one."""
    rows = [known for known in read(text) if known.code != row.code] + [row]
    rows.sort(key=lambda known: order_of(known.code))
    before = text[: text.index(head()[0])]
    return before + "\n".join([*head(), *map(str, rows)]) + "\n"


def head() -> list[str]:
    """The table's first two lines."""
    return ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]


def _row(line: str) -> Guarantee:
    cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
    if len(cells) != len(HEADER):
        raise ValueError(f"a row with {len(cells)} cells: {line}")
    code, tries, attempts, violations, commit, date, seconds, mutant, mutant_violations = cells
    return Guarantee(
        code, tries, int(attempts), int(violations), commit, date, int(seconds), mutant, int(mutant_violations)
    )
