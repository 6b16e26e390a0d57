"""The order in which a person reads what stands on a page of one to three columns.

A simplified recursive X-Y cut (Nagy and Seth, "Hierarchical representation of optically scanned documents", ICPR 1984)
on lines of text: bands of the page in which the same gutters stay free are read column by column, provided that their
columns are prose; the cells of a table keep the order in which the file writes them.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from balcao.infrastructure.external.extraction.lines import TextLine

_Gap = tuple[float, float]

_EVERYWHERE: list[_Gap] = [(float("-inf"), float("inf"))]
_LEAST_GUTTER = 6.0  # points
_MOST_COLUMNS = 4
_FEWEST_LINES = 3  # from which a column can be told from a table's
_LEAST_COLUMN = 0.12  # of the width of all columns
_PROSE_CHARACTERS = 15  # of an average line
_FULL_LINE = 0.7  # of its column's width
_FULL_LINES = 0.4  # share of prose's lines that are full
_TURNED = 1.5  # height over width of text that runs upwards
_TURNED_LENGTH = 4


def reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines in reading order; what runs along the page's side comes last."""
    turned = [line for line in lines if line.height > _TURNED * line.width and len(line.text) >= _TURNED_LENGTH]
    upright = [line for line in lines if line not in turned] if turned else list(lines)
    if not upright:
        return turned
    places = {id(line): place for place, line in enumerate(lines)}
    gutter = max(_LEAST_GUTTER, median(line.height for line in upright))
    return _Reader(places, gutter).read(upright) + turned


class _Reader:
    """``places`` tell where the file writes each line; ``gutter`` is the least width between two columns."""

    def __init__(self, places: dict[int, int], gutter: float) -> None:
        self._places = places
        self._gutter = gutter

    def read(self, lines: Sequence[TextLine]) -> list[TextLine]:
        ordered: list[TextLine] = []
        group: list[TextLine] = []
        free = _EVERYWHERE
        for band in _bands(lines):
            shared = self._shared(free, band)
            if group and not _inside(shared, group + band):
                ordered += self._read_group(group, free)
                group, shared = [], self._shared(_EVERYWHERE, band)
            group = group + band
            free = shared
        return ordered + self._read_group(group, free)

    def _read_group(self, group: list[TextLine], free: list[_Gap]) -> list[TextLine]:
        columns = _columns(group, _inside(free, group))
        if len(columns) > 1 and _are_prose(columns):
            return [line for column in columns for line in self.read(column)]
        ordered = sorted(group, key=lambda line: self._places[id(line)])
        if len(columns) == 1 or _rows(group) == 1:
            return ordered
        behind = {id(line) for column in columns[1:] for line in column}
        return [replace(line, cell=True) if id(line) in behind else line for line in ordered]

    def _shared(self, free: list[_Gap], band: list[TextLine]) -> list[_Gap]:
        """What of the free gaps is free beside the lines of a band too, where it is as wide as a gutter."""
        edge = float("-inf")
        gaps: list[_Gap] = []
        for line in sorted(band, key=lambda line: line.x0):
            if line.x0 > edge:
                gaps.append((edge, line.x0))
            edge = max(edge, line.x1)
        gaps.append((edge, float("inf")))
        crossed = ((max(a, c), min(b, d)) for a, b in free for c, d in gaps)
        return [(left, right) for left, right in crossed if right - left >= self._gutter]


def _bands(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Lines that stand beside one another, from the top of the page down."""
    bands: list[list[TextLine]] = []
    bottom = float("-inf")
    for line in sorted(lines, key=lambda line: line.y0):
        if bands and line.y0 < bottom:
            bands[-1].append(line)
        else:
            bands.append([line])
        bottom = max(bottom, line.y1)
    return bands


def _inside(free: list[_Gap], lines: Sequence[TextLine]) -> list[_Gap]:
    """The gaps that have lines on both sides."""
    left, right = min(line.x1 for line in lines), max(line.x0 for line in lines)
    return [(start, end) for start, end in free if left <= start and end <= right]


def _columns(lines: Sequence[TextLine], gutters: list[_Gap]) -> list[list[TextLine]]:
    edges = [*(end for _, end in gutters), float("inf")]
    columns: list[list[TextLine]] = [[] for _ in edges]
    for line in lines:
        columns[next(index for index, edge in enumerate(edges) if line.x0 < edge)].append(line)
    return columns


def _are_prose(columns: list[list[TextLine]]) -> bool:
    """Whether these are columns of running text, not of a table: wide, of long lines that mostly fill them."""
    if len(columns) > _MOST_COLUMNS or sum(_rows(column) >= _FEWEST_LINES for column in columns) < 2:
        return False
    spans = [(min(line.x0 for line in column), max(line.x1 for line in column)) for column in columns]
    whole = spans[-1][1] - spans[0][0]
    return all(
        right - left >= _LEAST_COLUMN * whole and (_rows(column) < _FEWEST_LINES or _is_prose(column, right - left))
        for column, (left, right) in zip(columns, spans, strict=True)
    )


def _rows(column: list[TextLine]) -> int:
    return len({line.row for line in column})


def _is_prose(column: list[TextLine], width: float) -> bool:
    rows: dict[int, float] = {}
    for line in column:
        rows[line.row] = rows.get(line.row, 0.0) + line.width
    full = sum(filled >= _FULL_LINE * width for filled in rows.values())
    characters = sum(len(line.text) for line in column)
    return characters >= _PROSE_CHARACTERS * len(rows) and full >= _FULL_LINES * len(rows)
