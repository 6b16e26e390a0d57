"""RTF, by striprtf."""

import re
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch, ExtractionFailed
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ParsedFile

_SIGNATURE = b"{\\rtf"
_FACTS = {"title": rb"\\title", "author": rb"\\author", "subject": rb"\\subject"}
_FACT = rb"\{%b (?P<value>(?:\\[{}\\]|\\'[0-9a-fA-F]{2}|\\[a-z]+-?\d* ?|[^{}\\]){0,500})\}"
_ROW_END = re.compile(r"\|[ \t]*$", re.MULTILINE)


def parse_rtf(path: Path) -> ParsedFile:
    """An RTF as one page, a table's row on a line of its own, its cells parted by tabs.

    Raises:
        ContentMismatch: it is no RTF.
        ExtractionFailed: it is broken.
    """
    data = path.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise ContentMismatch("o conteúdo não é um RTF; abra-o no editor e salve-o como RTF, ou corrija a extensão.")
    text = clean(table_rows(_plain(data)))
    stated = {field: value for field in _FACTS if (value := _fact(data, field))}
    title = stated.pop("title", "")
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        names=(title,) if title else (),
        stated=stated,
    )


def table_rows(text: str) -> str:
    """A text whose lines that end in "|" are rows of tables, with tabs between their cells."""
    lines = text.split("\n")
    return "\n".join(_cells(line) if _ROW_END.search(line) else line for line in lines)


def _cells(line: str) -> str:
    return "\t".join(" ".join(cell.split()) for cell in line.strip().strip("|").split("|"))


def _plain(data: bytes) -> str:
    try:
        # striprtf has no types, and raises whatever its parsing stumbles over
        text: str = rtf_to_text(data.decode("latin-1"), encoding="cp1252", errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, AttributeError) as error:
        raise ExtractionFailed("o RTF está corrompido; abra-o no editor, salve-o de novo e envie.") from error
    return text


def _fact(data: bytes, field: str) -> str:
    found = re.search(_FACT % _FACTS[field], data[:100_000])
    return clean(_plain(b"{\\rtf1\\ansi " + found["value"] + b"}")) if found else ""
