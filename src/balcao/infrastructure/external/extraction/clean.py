"""Makes a parser's text fit for PostgreSQL, search and reading, and changes nothing else."""

import re

_SOFT_BREAKS = re.compile(r"\r\n?|[\f\v\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n\t]+")
_AROUND_BREAKS = re.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES = re.compile(r"\n{3,}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = {code: None for code in range(32) if chr(code) not in "\n\t"} | dict.fromkeys(
    [0x7F, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF]
)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_BULLETS = dict.fromkeys([0xF0A7, 0xF0B7, 0xF0D8, 0xF0FC], "•")  # of the fonts Symbol and Wingdings
_TABLE = _INVISIBLE | _LIGATURES | _BULLETS
_TELLTALE = re.compile(r"\b(?:ar\x00gos?|(?:administra|rela|execu)\x00v[ao]s?|cons\x00tui\w+)\b", re.IGNORECASE)
_FEWEST_TELLTALES = 3
_LOST_LIGATURES = (
    (re.compile(r"\bh\x00p(?=s?:)"), "http"),
    (re.compile(r"\b(o|bene|edi|sacri)\x00(?=ci[oa])|(?<!\w)()\x00(?=sic[ao])", re.IGNORECASE), r"\1fí"),
    (re.compile(r"\x00(?=\w)"), "ti"),
)


def restore_lost_ligatures(text: str) -> str:
    """A text whose "ti" became NUL, mended; any other text unchanged.

    Some PDF converters know no character for Calibri's ligature "ti" and write NUL. Where well-known words show it
    three times ("ar?go", "administra?va"), a NUL within or before a word is "ti", but for "fí" in "ofício",
    "benefício", "física" and their like, and "tt" in "http".
    """
    if len(_TELLTALE.findall(text)) >= _FEWEST_TELLTALES:
        for loss, letters in _LOST_LIGATURES:
            text = loss.sub(letters, text)
    return text


def clean(text: str) -> str:
    """A text with plain line breaks and single spaces, free of NUL, control and invisible characters.

    Typographic ligatures are spelt out, bullets of symbol fonts become "•", unpaired surrogates become U+FFFD, and more
    than one blank line becomes one.
    """
    text = _SOFT_BREAKS.sub("\n", restore_lost_ligatures(text))
    text = _LONE_SURROGATE.sub("\ufffd", text.translate(_TABLE))
    text = _AROUND_BREAKS.sub("\n", _SPACES.sub(" ", text))
    return _BLANK_LINES.sub("\n\n", text).strip()
