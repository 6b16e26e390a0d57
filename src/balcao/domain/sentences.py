"""Portuguese sentences of official texts, as spans of the text that holds them."""

import re
from collections.abc import Iterator

from balcao.domain.legal_structure import UnitKind, classify_line

_STOP = re.compile(
    r"(?<![.!?…])[.!?…]++[\"”»)\]]*\s+(?=[\"“«(\[]?[A-ZÀ-Ý0-9§•])"
    r"|;[^\S\n]*\n\s*"
    r"|[;:]\s+(?:e\s+|ou\s+)?(?=(?:[a-z]{1,2}\)|[IVXLC]{1,7}\s*[-–—]|§\s*\d)\s*\S)"
)
_ABBREVIATION = re.compile(
    r"al|arts?|av|cap|cel|cf|cia|dec|des|dra?s?|ed|ex[ao]?|exm[ao]|fls?|ilm[ao]|incs?|ltda|min|n|nº|nos?|nºs|nr|obs"
    r"|pp?|p[aá]gs?|par|profa?|prov|r|rel|res|s|sra?s?|srta|ss|tel|tit|v|vol",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"([^\W_]+)\.$")
_LABEL = re.compile(
    r"[\W_]*(?:(?:art(?:igo)?\.?|§+)\s*\d[\d.]*\s?[ºª°o]?(?:-[a-z]+)?|parágrafo único|[ivxlc]+|\d[\d.]*)"
    r"[\s*_]*\.[\s*_]*$",
    re.IGNORECASE,
)
_LONGEST_LABEL = 40


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Spans of the sentences of ``text[start:end]``, in order, without blanks at their ends.

    A line that opens a legal unit (article, paragraph, inciso, alínea) opens a sentence, and so does what follows an
    empty line; a heading is one by itself. Full stops of abbreviations ("art.", "nº.", "p. ex.") and of labels
    ("Art. 10.") end none.
    """
    spans: list[tuple[int, int]] = []
    for seg_start, seg_end in _segments(text, start, len(text) if end is None else end):
        cut = seg_start
        for stop in _STOP.finditer(text, seg_start, seg_end):
            if _ends_sentence(text, cut, stop):
                _append(spans, text, cut, stop.end())
                cut = stop.end()
        _append(spans, text, cut, seg_end)
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    body = piece.strip()
    if body:
        first = start + len(piece) - len(piece.lstrip())
        spans.append((first, first + len(body)))


def _segments(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines that no structural boundary cuts."""
    opened = line_start = start
    previous = UnitKind.TEXT
    while line_start < end:
        newline = text.find("\n", line_start, end)
        line_end = end if newline < 0 else newline + 1
        line = text[line_start:line_end]
        kind = classify_line(line)
        blank = not line.strip()
        if line_start > opened and (blank or kind.kind is not UnitKind.TEXT or previous <= UnitKind.HEADING):
            yield opened, line_start
            opened = line_start
        previous = kind.kind
        line_start = line_end
    if opened < end:
        yield opened, end


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    mark = stop.group().rstrip()
    if mark != ".":
        return True
    before = text[max(start, stop.start() - _LONGEST_LABEL) : stop.start() + 1]
    if stop.start() - start < _LONGEST_LABEL and _LABEL.match(before):
        return False
    word = _LAST_WORD.search(before)
    if word is None:
        return True
    return not _ABBREVIATION.fullmatch(word[1]) and not (len(word[1]) == 1 and word[1].isupper())
