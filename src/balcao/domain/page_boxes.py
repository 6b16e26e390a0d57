"""Where a text stands on its pages: the map from a document's characters to rectangles that a viewer can mark."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_SAME_COLUMN = 0.5
"""Share of the narrower line's width that two lines of one rectangle have in common."""
_NEXT_LINE = 1.5
"""Lines of one rectangle are at most this many line heights apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBox:
    """A line of a page: its text begins at ``start_char`` and goes on to where the next line begins.

    The rectangle is in points (1/72 inch; pixels where the file is an image) from the top left corner of the page as
    it is shown, that is cropped and rotated as its file says: ``x0 <= x1``, and ``y0 <= y1`` downwards. Pages count
    from 1.
    """

    start_char: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBox:
    """A rectangle of a page, measured as in ``LineBox``."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


def lines_within(lines: Sequence[LineBox], start: int, end: int) -> tuple[LineBox, ...]:
    """The lines, given in order of ``start_char``, that hold some of the characters ``start`` to ``end``."""
    first = max(0, bisect_right(lines, start, key=lambda line: line.start_char) - 1)
    last = bisect_right(lines, end - 1, key=lambda line: line.start_char)
    return tuple(lines[first:last])


def boxes_of(lines: Sequence[LineBox], start: int, end: int) -> tuple[PageBox, ...]:
    """Rectangles that mark the characters ``start`` to ``end``: one for each run of lines below one another."""
    boxes: list[PageBox] = []
    for line in lines_within(lines, start, end):
        if boxes and _continues(boxes[-1], line):
            boxes[-1] = PageBox(
                page=line.page,
                x0=min(boxes[-1].x0, line.x0),
                y0=min(boxes[-1].y0, line.y0),
                x1=max(boxes[-1].x1, line.x1),
                y1=max(boxes[-1].y1, line.y1),
            )
        else:
            boxes.append(PageBox(page=line.page, x0=line.x0, y0=line.y0, x1=line.x1, y1=line.y1))
    return tuple(boxes)


def _continues(box: PageBox, line: LineBox) -> bool:
    height = line.y1 - line.y0
    shared = min(box.x1, line.x1) - max(box.x0, line.x0)
    narrower = min(box.x1 - box.x0, line.x1 - line.x0)
    below = box.y0 <= line.y0 and line.y0 - box.y1 <= _NEXT_LINE * height
    return box.page == line.page and below and shared >= _SAME_COLUMN * narrower


def encode_lines(lines: Sequence[LineBox]) -> list[list[float]]:
    """Lines as they are stored, ``[start_char, page, x0, y0, x1, y1]`` each; rectangles to a tenth of a point."""
    return [
        [line.start_char, line.page, *(round(side, 1) for side in (line.x0, line.y0, line.x1, line.y1))]
        for line in lines
    ]


def decode_lines(stored: Sequence[Sequence[float]]) -> tuple[LineBox, ...]:
    """Lines that ``encode_lines`` wrote."""
    return tuple(
        LineBox(start_char=int(start), page=int(page), x0=x0, y0=y0, x1=x1, y1=y1)
        for start, page, x0, y0, x1, y1 in stored
    )
