"""Lines of text with their places on a page, and the page's text made of them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from balcao.domain.document import PageText
from balcao.domain.page_boxes import LineBox
from balcao.infrastructure.external.extraction.clean import clean, restore_lost_ligatures

HYPHEN = "\x02"
"""What pdfium writes in the place of a hyphen that divides a word at a line's end."""

_HEAD = re.compile(r"[^\W_]+$")
_TAIL = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_KEEPS_ITS_HYPHEN = frozenset("vice ex pré pós recém decreto salário auxílio segunda terça quarta quinta sexta".split())
_SHORTEST_HEAD = 2
_CELL_GAP, _SURE_CELL_GAP = 2.0, 4.0
"""Gap, in heights of the line, between cells of a table: where they stand in columns, and where nothing shows that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A line, or a piece of one beside a wide gap; measured as a ``LineBox``.

    Pieces of one line share their ``row``; a ``cell`` stands in a column of a table, behind the row's first one.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    row: int
    cell: bool = False

    @property
    def height(self) -> float:
        """Height of what is written, less than that of the type."""
        return self.y1 - self.y0

    @property
    def width(self) -> float:
        """Width of what is written."""
        return self.x1 - self.x0


def whole_rows(lines: Iterable[TextLine]) -> list[TextLine]:
    """The lines with neighbouring pieces of one row put together, cells of a table parted by tabs."""
    rows: list[TextLine] = []
    for line in lines:
        last = rows[-1] if rows else None
        if last is None or last.row != line.row:
            rows.append(line)
            continue
        wide = _CELL_GAP if line.cell else _SURE_CELL_GAP
        is_cell = abs(line.x0 - last.x1) > wide * max(last.height, line.height)
        separator = "\t" if is_cell else " "
        rows[-1] = replace(
            last,
            text=f"{last.text}{separator}{line.text}",
            x0=min(last.x0, line.x0),
            y0=min(last.y0, line.y0),
            x1=max(last.x1, line.x1),
            y1=max(last.y1, line.y1),
        )
    return rows


def cleaned(lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines with clean text, without those that are empty; a hyphen that divides a word stays marked."""
    restored = restore_lost_ligatures("\n".join(line.text for line in lines)).split("\n") if lines else []
    kept = []
    for line, text in zip(lines, restored, strict=True):
        divided = text.rstrip().endswith(HYPHEN)
        if text := clean(text):
            kept.append(replace(line, text=text + HYPHEN * divided))
    return kept


def divided_words(pages: Iterable[Sequence[TextLine]]) -> frozenset[str]:
    """The words of the pages that tell whether a word divided at a line's end keeps its hyphen; none if none is."""
    kept = [line for page in pages for line in page]
    if not any(line.text.endswith((HYPHEN, "-")) for line in kept):
        return frozenset()
    return frozenset(word for line in kept for word in _WORD.findall(line.text.lower()))


def page_text(number: int, lines: Sequence[TextLine], words: Collection[str]) -> PageText:
    """A page's text, its divided words joined, and where its lines stand. ``words`` are those of ``divided_words``."""
    pieces: list[str] = []
    boxes: list[LineBox] = []
    length = 0
    for line, following in zip_longest(lines, lines[1:]):
        boxes.append(LineBox(start_char=length, page=number, x0=line.x0, y0=line.y0, x1=line.x1, y1=line.y1))
        piece = line.text.removesuffix(HYPHEN) + ("-" if line.text.endswith(HYPHEN) else "")
        if following is not None:
            piece = _joined(piece, following.text, words, surely=line.text.endswith(HYPHEN))
        pieces.append(piece)
        length += len(piece)
    return PageText(number=number, text="".join(pieces), lines=tuple(boxes))


def _joined(line: str, following: str, words: Collection[str], *, surely: bool) -> str:
    """A line with what parts it from the next one: a break, or nothing where a word goes on, with or without hyphen."""
    head, tail = _HEAD.search(line[:-1]), _TAIL.match(following)
    if not line.endswith("-") or head is None or tail is None:
        return f"{line}\n"
    before, after = head[0].lower(), tail[0].lower()
    if any(char.isdigit() for char in before + after):
        return line if surely else f"{line}\n"
    same_case = tail[0][0].islower() or (head[0].isupper() and tail[0][0].isupper())
    if not surely and not (same_case and len(before) >= _SHORTEST_HEAD):
        return f"{line}\n"
    is_compound = f"{before}-{after}" in words and before + after not in words
    return line if before in _KEEPS_ITS_HYPHEN or not same_case or is_compound else line[:-1]
