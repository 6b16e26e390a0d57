"""Blocks of a text that a reader needs whole: an article with all that hangs from it, or a run of plain text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from balcao.domain.legal_structure import Unit, UnitKind, closes_quotation, parse_units
from balcao.domain.portuguese import fold

_ACT_RANK = 0  # of LineMark.rank: an act is wider than any heading
_NO_LEVELS: Mapping[int, int] = MappingProxyType({})
_SHORT_LEAD = 200  # characters of text between a heading and its first article that still belong to the heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``text[start:end]`` with the headings that precede it.

    ``path`` names its place from the widest heading to the article; ``sections`` of its names are headings, the rest
    articles (a second one is quoted by the first, as in an amending law). ``body_start`` is where its headings end.
    ``origin`` is the block of which it is a part, where a page's end divides one.
    """

    start: int
    end: int
    body_start: int
    path: tuple[str, ...]
    sections: int
    units: tuple[Unit, ...]
    origin: "Block | None" = None

    @property
    def opens(self) -> UnitKind:
        """What its first unit is."""
        return self.units[0].kind

    @property
    def articles(self) -> tuple[str, ...]:
        """The article it is, preceded by the one that quotes it; empty for plain text."""
        return self.path[self.sections :]


def parse_blocks(text: str, title: str, levels: Mapping[int, int] = _NO_LEVELS) -> list[Block]:
    """Group the units of a text into blocks; a heading that only repeats the document's title names no place.

    ``levels`` are those of the lines that are headings by the file's own styles, by their offsets.
    """
    reader = _BlockReader(title)
    for unit in parse_units(text, levels):
        reader.read(unit, text)
    return reader.finish()


def divide(blocks: Sequence[Block], offsets: Sequence[int]) -> Iterator[Block]:
    """The blocks, in order, those that hold some of these ascending offsets divided there."""
    for block in blocks:
        inside = offsets[bisect_right(offsets, block.start) : bisect_left(offsets, block.end)]
        for start, end in pairwise([block.start, *inside, block.end]):
            yield _part(block, start, end) if inside else block


def _part(block: Block, start: int, end: int) -> Block:
    units = (
        replace(unit, start=max(unit.start, start), end=min(unit.end, end))
        for unit in block.units
        if unit.start < end and unit.end > start
    )
    body_start = min(max(block.body_start, start), end)
    return replace(block, start=start, end=end, body_start=body_start, units=tuple(units), origin=block)


class _BlockReader:
    """Follows headings, articles and quotations from unit to unit."""

    def __init__(self, title: str) -> None:
        self._title = fold(title)
        self._sections: list[tuple[int, str]] = []
        self._article = ""
        self._quoted = ""
        self._in_quotation = False
        self._units: list[Unit] = []
        self._blocks: list[Block] = []

    def read(self, unit: Unit, text: str) -> None:
        """Add a unit to the current block, or begin the next one with it."""
        if self._begins_block(unit):
            self._close()
        if unit.kind in (UnitKind.ACT, UnitKind.HEADING):
            self._enter_section(unit)
        elif unit.kind is UnitKind.ARTICLE:
            self._enter_article(unit)
        elif unit.kind is UnitKind.CONTENTS:
            self._sections, self._article, self._quoted = [], "", ""
        if self._in_quotation and closes_quotation(text[unit.start : unit.end].rstrip()):
            self._in_quotation = False
        self._units.append(unit)

    def finish(self) -> list[Block]:
        """All blocks, in order."""
        self._close()
        return self._blocks

    def _begins_block(self, unit: Unit) -> bool:
        if not self._units:
            return False
        headings_only = all(known.kind <= UnitKind.HEADING for known in self._units)
        if unit.kind <= UnitKind.HEADING:
            return not headings_only
        if unit.kind is UnitKind.ARTICLE:
            return not (headings_only or self._is_short_lead(unit))
        if unit.kind is UnitKind.CONTENTS:
            return self._units[-1].kind is not UnitKind.CONTENTS and not headings_only
        return self._units[-1].kind is UnitKind.CONTENTS

    def _is_short_lead(self, article: Unit) -> bool:
        after = [unit for unit in self._units if unit.kind > UnitKind.HEADING]
        has_heading = self._units[0].kind <= UnitKind.HEADING
        plain = all(unit.kind is UnitKind.TEXT for unit in after)
        return has_heading and plain and article.start - after[0].start <= _SHORT_LEAD

    def _enter_section(self, unit: Unit) -> None:
        if unit.kind is UnitKind.ACT and any(known.kind is UnitKind.ACT for known in self._units):  # its second line
            return
        rank, label = unit.mark.rank, unit.mark.label
        self._sections = [known for known in self._sections if known[0] < rank]
        number = re.search(r"\d[\d.]+", label) if unit.kind is UnitKind.ACT else None
        repeats_title = fold(label) in self._title or bool(number and number[0].strip(".") in self._title)
        is_title = rank == 1 and not self._blocks and not self._units
        self._article = self._quoted = ""
        if not (repeats_title or is_title):
            self._sections.append((rank, label))

    def _enter_article(self, unit: Unit) -> None:
        if unit.mark.quoted:
            self._in_quotation = True
        elif self._in_quotation and self._continues_outer(unit.mark.label):
            self._in_quotation = False
        if self._in_quotation and self._article:
            self._quoted = unit.mark.label
            return
        if self._article and _number(unit.mark.label) == 1 and self._sections and self._sections[0][0] == _ACT_RANK:
            self._sections = []  # articles begin anew under an act whose name was not recognised: not the last one's
        self._article, self._quoted = unit.mark.label, ""

    def _continues_outer(self, label: str) -> bool:
        """Whether an article follows the quoting one and not the quoted one, whose closing quote was then lost."""
        return _number(label) == _number(self._article) + 1 and _number(label) != _number(self._quoted) + 1

    def _close(self) -> None:
        if not self._units:
            return
        units = tuple(self._units)
        body = next((unit for unit in units if unit.kind > UnitKind.HEADING), units[-1])
        has_article = any(unit.kind is UnitKind.ARTICLE for unit in units)
        articles = (self._article, f"“{self._quoted}”" if self._quoted else "") if has_article else ()
        names = tuple(label for _, label in self._sections)
        self._blocks.append(
            Block(
                start=units[0].start,
                end=units[-1].end,
                body_start=body.start,
                path=names + tuple(label for label in articles if label),
                sections=len(names),
                units=units,
            )
        )
        self._units = []


def _number(label: str) -> int:
    digits = re.search(r"\d+", label)
    return int(digits[0]) if digits else 0


def common_path(blocks: Sequence[Block]) -> str | None:
    """The place of neighbouring blocks as a reader cites it: "Título II > Capítulo I > Arts. 5º a 7º"."""
    placed = [block for block in blocks if block.path]
    if not placed:
        return None
    sections: list[str] = []
    for names in zip(*(block.path[: block.sections] for block in placed), strict=False):
        if len(set(names)) > 1:
            break
        sections.append(names[0])
    cited = [block.articles for block in placed if block.articles]
    outer = list(dict.fromkeys(articles[0] for articles in cited))
    places = [*sections, *_article_range(outer)]
    if len(outer) == 1 and all(len(articles) > 1 for articles in cited):
        places += _article_range(list(dict.fromkeys(articles[1] for articles in cited)))
    return " > ".join(places) or None


def _article_range(labels: Sequence[str]) -> list[str]:
    """One name for articles in a row; none when their numbers go back, as across the acts of a gazette."""
    if len(labels) < 2:
        return list(labels)
    numbers = [_number(label) for label in labels]
    if numbers != sorted(numbers):
        return []
    mark = "“" if labels[0].startswith("“") else ""
    first, last = (label.strip("“”").removeprefix("Art. ") for label in (labels[0], labels[-1]))
    return [f"{mark}Arts. {first} {'e' if len(labels) == 2 else 'a'} {last}{'”' if mark else ''}"]
