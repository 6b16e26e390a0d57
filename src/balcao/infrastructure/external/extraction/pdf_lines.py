"""A PDF page's lines as pdfium finds them, with their places on the page as it is shown."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from ctypes import byref, c_double
from itertools import pairwise
from statistics import median

import pypdfium2
import pypdfium2.raw as pdfium

from balcao.infrastructure.external.extraction.lines import HYPHEN, TextLine

_Box = tuple[float, float, float, float]
_Turn = Callable[[float, float, float, float], _Box]

_ROW = re.compile(r"[^\r\n\x02\ufffe]+[\x02\ufffe]?")
_WIDE_GAP = 0.8  # of the height of what is written: wider than a space
_INTO = 0.5  # points within a rectangle at which its first character is surely met
_BACK = 3.0  # heights to the left: the file writes what stands there later


def page_lines(page: pypdfium2.PdfPage) -> list[TextLine]:
    """The lines that are visible on the page, in the order of the file, divided at wide gaps."""
    with closing(page.get_textpage()) as text_page:
        return list(_Lines(page, text_page).read())


class _Lines:
    def __init__(self, page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> None:
        self._text_page = text_page
        self._width, self._height = page.get_size()
        self._sides = (c_double(), c_double(), c_double(), c_double())
        self._results = [byref(side) for side in self._sides]
        self._is_upright = page.get_rotation() == 0
        self._left, _, _, self._top = page.get_bbox()
        self._turn = _turn(page.get_rotation(), *page.get_bbox())

    def read(self) -> Iterator[TextLine]:
        rows = list(_ROW.finditer(self._text()))
        boxes = [self._rectangles(row.start(), row.end()) for row in rows]
        height = median([bottom - top for row in boxes for _, top, _, bottom in row] or [0.0])
        number = 0
        for row, rectangles in zip(rows, boxes, strict=True):
            number += 1
            if not rectangles:
                continue
            for start, end, is_new_row in self._pieces(row, rectangles, height):
                number += is_new_row
                box = _union(rectangles if (start, end) == row.span() else self._rectangles(start, end))
                if box is not None and self._is_on_page(box):
                    x0, y0, x1, y1 = box
                    yield TextLine(text=_marked(row.string[start:end]), x0=x0, y0=y0, x1=x1, y1=y1, row=number)

    def _text(self) -> str:
        text: str = self._text_page.get_text_range()
        count = self._text_page.count_chars()
        if len(text) == count:
            return text
        codes = (pdfium.FPDFText_GetUnicode(self._text_page.raw, index) for index in range(count))
        return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)

    def _rectangles(self, start: int, end: int) -> list[_Box]:
        count = self._text_page.count_rects(start, end - start)
        return [self._turn(*self._text_page.get_rect(index)) for index in range(count)]

    def _pieces(self, row: re.Match[str], rectangles: list[_Box], height: float) -> list[tuple[int, int, bool]]:
        """Where the text of a row begins and ends, and whether it is a row by itself, which pdfium joined to another.

        It is divided at spaces that are wider than spaces, or that lead back to the left.
        """
        gaps = [(before, after) for before, after in pairwise(rectangles) if _is_gap(before, after, height)]
        if not gaps:
            return [(*row.span(), False)]
        found = [(self._first_of(after), _leads_back(before, after, height)) for before, after in gaps]
        if self._is_upright and all(row.start() < start and row.string[start - 1].isspace() for start, _ in found):
            cuts = [(row.start(), False), *sorted(found)]
        else:
            cuts = [(row.start(), False), *self._wide_spaces(row, height)]
        ends = [start for start, _ in cuts[1:]] + [row.end()]
        return [(start, end, is_new) for (start, is_new), end in zip(cuts, ends, strict=True) if start < end]

    def _first_of(self, box: _Box) -> int:
        """Index of the character at the left end of a rectangle of an upright page; negative where there is none."""
        x, y = box[0] + self._left + _INTO, self._top - (box[1] + box[3]) / 2
        index: int = pdfium.FPDFText_GetCharIndexAtPos(self._text_page.raw, x, y, _INTO, box[3] - box[1])
        return index

    def _wide_spaces(self, row: re.Match[str], height: float) -> Iterator[tuple[int, bool]]:
        """The same as ``_pieces`` finds by its rectangles, by asking for the place of every word."""
        for space in re.finditer(r"[ \xa0]+", row.string[: row.end()][row.start() :]):
            last, first = row.start() + space.start() - 1, row.start() + space.end()
            if last < row.start() or first >= row.end():
                continue
            before, after = self._character(last), self._character(first)
            if _is_gap(before, after, height):
                yield first, _leads_back(before, after, height)

    def _character(self, index: int) -> _Box:
        pdfium.FPDFText_GetCharBox(self._text_page.raw, index, *self._results)
        left, right, bottom, top = self._sides
        return self._turn(left.value, bottom.value, right.value, top.value)

    def _is_on_page(self, box: _Box) -> bool:
        return box[2] > 0 and box[3] > 0 and box[0] < self._width and box[1] < self._height


def _is_gap(before: _Box, after: _Box, height: float) -> bool:
    return after[0] - before[2] > _WIDE_GAP * height or _leads_back(before, after, height)


def _leads_back(before: _Box, after: _Box, height: float) -> bool:
    return before[0] - after[0] > _BACK * height


def _marked(text: str) -> str:
    """A text whose dividing hyphen is ``HYPHEN``: pdfium writes one of two characters."""
    return text[:-1] + HYPHEN if text.endswith("\ufffe") else text


def _union(boxes: list[_Box]) -> _Box | None:
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _turn(rotation: int, left: float, bottom: float, right: float, top: float) -> _Turn:
    """From a rectangle of PDF's user space (ISO 32000-1, 8.3.2) to one from the top left corner of the page shown."""
    match rotation:
        case 90:
            return lambda x0, y0, x1, y1: (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        case 180:
            return lambda x0, y0, x1, y1: (right - x1, y0 - bottom, right - x0, y1 - bottom)
        case 270:
            return lambda x0, y0, x1, y1: (top - y1, right - x1, top - y0, right - x0)
        case _:
            return lambda x0, y0, x1, y1: (x0 - left, top - y1, x1 - left, top - y0)
