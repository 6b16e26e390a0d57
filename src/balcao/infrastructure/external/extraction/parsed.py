"""What a format's parser hands over, and the limits it works within."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from balcao.domain.document import PageText

OPENING_LENGTH = 20_000
"""How much of a text a title is looked for in, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file's text as its format gives it, before a title is chosen.

    ``names`` are what the file calls itself outside its text (``<title>``, ``<h1>``, the title property), the most
    telling first; ``opening`` is the beginning of the text with page headers still in place; ``headings`` are in order,
    and so are their ``levels``, from 1, the widest.
    ``stated`` holds author, subject, creation_date and modification_date where the file states them. ``recognised`` are
    the numbers of the pages that were read by OCR, ``unread`` of those that would have to be.
    """

    pages: tuple[PageText, ...]
    opening: str
    names: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    stated: dict[str, str] = field(default_factory=dict)
    recognised: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


def heading_starts(text: str, headings: Sequence[str], levels: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Offset and level of the lines that are these headings, which come in this order; those not found are left out."""
    end = 0
    for heading, level in zip(headings, levels, strict=True):
        found = re.compile(rf"^{re.escape(heading)}$", re.MULTILINE).search(text, end) if heading else None
        if found is not None:
            end = found.end()
            yield found.start(), level


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionLimits:
    """How much a file may cost: sizes in bytes, times in seconds, text in characters.

    ``memory`` and ``cpu_seconds`` are of each process; ``wall_seconds`` of a file, and again of each page that is read
    by OCR, of which there are at most ``ocr_pages``. ``lines`` is how many lines' places are handed over, if any.
    """

    file_size: int = 100_000_000
    unpacked_size: int = 200_000_000
    text_length: int = 20_000_000
    pages: int = 10_000
    lines: int = 400_000
    pixels: int = 80_000_000
    ocr_pages: int = 500
    memory: int = 512 * 2**20
    cpu_seconds: int = 20
    wall_seconds: float = 28.0
