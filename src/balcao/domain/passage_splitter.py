"""Cuts a passage that is longer than a chunk at the best places there are."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cached_property

from balcao.domain.legal_blocks import Block
from balcao.domain.legal_structure import UnitKind
from balcao.domain.sentences import sentence_spans

_LEVELS = {UnitKind.INCISO: 1, UnitKind.ALINEA: 2, UnitKind.ITEM: 3}  # other units, §§ first of all: 0
_SENTENCES = 4
_LINES, _WORDS, _CHARACTERS = range(_SENTENCES + 1, _SENTENCES + 4)
_LEAST_FILLED = 0.25  # share of a full piece below which a finer cut is better than a coarser one
_GUESS = 4  # characters per token at which the search for a piece's limit begins


class PassageSplitter:
    """Splits one block of ``text`` into pieces of at most ``chunk_size`` tokens.

    Cuts are made, in order of preference, before a paragraph (§) or a table and behind it, before an inciso, an alínea,
    an item, a sentence, a line (a table's row), a word; between two characters only where nothing else is left.
    """

    def __init__(
        self, text: str, block: Block, *, chunk_size: int, overlap: int, count_tokens: Callable[[str], int]
    ) -> None:
        self._text = text
        self._block = block
        self._chunk_size = chunk_size
        self._overlap = overlap
        self._count = count_tokens

    def pieces(self) -> list[tuple[int, int]]:
        """Spans of the pieces: each but the first begins with up to ``overlap`` tokens of the one before.

        Nothing is repeated where that would cut an article's next paragraph or inciso at a worse place.
        """
        spans: list[tuple[int, int]] = []
        start = cut = self._skip_blank(self._block.start)
        while cut < self._block.end:
            plain, plain_level = self._cut(cut, cut)
            if start < cut:
                end, level = self._cut(start, cut)
                if end <= cut or (self._block.articles and level > plain_level):
                    start, end = cut, plain
            else:
                end = plain
            spans.append((start, end))
            following = self._skip_blank(end)
            start, cut = self._overlap_start(start, end, following), following
        return spans

    @cached_property
    def _boundaries(self) -> list[list[int]]:
        """Offsets where a piece may begin, by level, from units to sentences."""
        levels: list[list[int]] = [[] for _ in range(_SENTENCES + 1)]
        block = self._block
        for unit in block.units:
            if unit.start > block.body_start:
                levels[_LEVELS.get(unit.kind, 0)].append(unit.start)
        tables = [unit for unit in block.units if unit.kind is UnitKind.TABLE]
        sentences = [start for start, _ in sentence_spans(self._text, block.body_start, block.end)][1:]
        levels[_SENTENCES] = [
            start for start in sentences if not any(table.start <= start < table.end for table in tables)
        ]
        return levels

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return sorted({self._skip_blank(offset) for level in self._boundaries for offset in level})

    def _cut(self, start: int, after: int) -> tuple[int, int]:
        """Where the piece that begins at ``start`` ends, beyond ``after``, and the level of that cut."""
        limit = self._limit(start)
        if limit == self._block.end:
            return limit, 0
        for floor in (max(after, start + int((limit - start) * _LEAST_FILLED)), after):
            for level, offsets in enumerate(self._boundaries):
                index = bisect_right(offsets, limit) - 1
                if index >= 0 and offsets[index] > floor:
                    return offsets[index], level
        line = self._text.rfind("\n", after + 1, limit) + 1
        if line > after and self._text[after:line].strip():
            return line, _LINES
        for offset in range(limit, after + 1, -1):
            if self._text[offset - 1].isspace() and self._text[after:offset].strip():
                return offset, _WORDS
        return limit, _CHARACTERS

    def _limit(self, start: int) -> int:
        """The farthest end that fits from ``start``; one character further where not even that fits."""
        size = self._chunk_size * _GUESS
        end = self._block.end
        while start + size < end and self._fits(start, start + size):
            size *= 2
        low, high = start + 1, min(start + size, end)
        while low < high:
            middle = (low + high + 1) // 2
            if self._fits(start, middle):
                low = middle
            else:
                high = middle - 1
        return low

    def _fits(self, start: int, end: int) -> bool:
        return self._count(self._text[start:end]) <= self._chunk_size

    def _overlap_start(self, start: int, end: int, following: int) -> int:
        """Where the next piece begins so as to repeat whole sentences or units of the piece ``start`` to ``end``."""
        offsets = self._sentence_starts
        chosen = following
        for index in range(bisect_left(offsets, end) - 1, -1, -1):
            offset = offsets[index]
            if offset <= start or self._count(self._text[offset:end].rstrip()) > self._overlap:
                break
            chosen = offset
        return chosen

    def _skip_blank(self, offset: int) -> int:
        while offset < self._block.end and self._text[offset].isspace():
            offset += 1
        return offset
