"""Running headers, footers and page numbers: what stands again and again at the pages' edges."""

import re
from collections import Counter
from collections.abc import Sequence

from balcao.domain.portuguese import fold
from balcao.infrastructure.external.extraction.lines import TextLine

_EDGE_ROWS = 3
_FEWEST_PAGES = 3
_OFTEN = 0.5
_OFTEN_IN_PLACE = 0.3
_SAME_PLACE = 4.0  # points
_MARGIN = 0.1  # of the height that is written on
_DIGITS = re.compile(r"\d+")

_Key = tuple[str, int | None]


def without_repeated_edges(pages: Sequence[list[TextLine]]) -> list[list[TextLine]]:
    """Pages without running headers, footers and page numbers.

    These are the lines that stand, digits apart, among the first or last three rows of more than half the pages, or at
    the same height of three in ten, close to the page's edge: the headers of left and right pages differ. The first
    page keeps what is above its text: a cover's letterhead says whose document it is.
    """
    if len(pages) < _FEWEST_PAGES:
        return list(pages)
    rows = [_rows(lines) for lines in pages]
    top = min((line.y0 for lines in pages for line in lines), default=0.0)
    bottom = max((line.y1 for lines in pages for line in lines), default=0.0)
    inside = (top + _MARGIN * (bottom - top), bottom - _MARGIN * (bottom - top))
    seen = Counter(key for page in rows for key in {key for line in _edges(page) for key in _keys(line, inside)})
    repeated = {key for key, count in seen.items() if _is_repeated(key, count, len(pages))}
    kept = []
    for number, (lines, page) in enumerate(zip(pages, rows, strict=True)):
        edges = _footer(page, repeated, inside) if number == 0 else _edges(page)
        gone = {id(line) for line in edges if repeated & set(_keys(line, inside))}
        kept.append([line for line in lines if id(line) not in gone])
    return kept


def _is_repeated(key: _Key, count: int, pages: int) -> bool:
    return count > _OFTEN * pages if key[1] is None else count >= max(_FEWEST_PAGES, _OFTEN_IN_PLACE * pages)


def _rows(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.y0):
        if rows and line.y0 < rows[-1][0].y1:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _edges(rows: list[list[TextLine]]) -> list[TextLine]:
    """The lines of the first and of the last rows."""
    return [line for row in rows[:_EDGE_ROWS] + rows[_EDGE_ROWS:][-_EDGE_ROWS:] for line in row]


def _footer(rows: list[list[TextLine]], repeated: set[_Key], inside: tuple[float, float]) -> list[TextLine]:
    """The lines of the last rows, up from the page's end to where a row has nothing that is repeated."""
    footer: list[TextLine] = []
    for row in reversed(rows[-_EDGE_ROWS:]):
        if not any(repeated & set(_keys(line, inside)) for line in row):
            break
        footer += row
    return footer


def _keys(line: TextLine, inside: tuple[float, float]) -> tuple[_Key, ...]:
    """What a line says and, where it stands outside of ``inside``, at which height.

    The height is there twice, so that no rounding parts what is equal.
    """
    text = _DIGITS.sub("#", fold(line.text))
    if line.y0 > inside[0] and line.y1 < inside[1]:
        return ((text, None),)
    place = line.y0 / _SAME_PLACE
    return (text, None), (text, 2 * round(place)), (text, 2 * int(place) + 1)
