"""Plain text and Markdown."""

import re
from pathlib import Path

from charset_normalizer import from_bytes

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch
from balcao.infrastructure.external.extraction.clean import clean, restore_lost_ligatures
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ParsedFile

_MAGIC = {
    b"%PDF-": "um PDF",
    b"PK\x03\x04": "um arquivo compactado (DOCX, ODT, XLSX ou ZIP)",
    b"\xd0\xcf\x11\xe0": "um arquivo antigo do Office",
    b"\x89PNG": "uma imagem",
    b"\xff\xd8\xff": "uma imagem",
    b"GIF8": "uma imagem",
    b"II*\x00": "uma imagem",
    b"MM\x00*": "uma imagem",
    b"{\\rtf": "um RTF",
    b"\x1f\x8b": "um arquivo compactado",
    b"Rar!": "um arquivo compactado",
    b"7z\xbc\xaf": "um arquivo compactado",
    b"\x7fELF": "um programa",
    b"MZ": "um programa",
}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))
_MOST_CONTROLS = 0.02
_UTF16_ZEROS = 0.3
_MOST_BROKEN = 0.1
_SAMPLE = 1_000_000
_HIGH_WORD = re.compile(r"\S*[\x80-\xff]\S*")
_ODD = re.compile(r"[\x80-\x9fÿþð¤¦¨¸¬¿]|(?<!\w)[ÃÕÇÂÊÔãõç](?!\w)")
"""What only broken UTF-8 read as Windows-1252 has: characters foreign to Portuguese, or such a letter alone."""

_MD_RULES = (
    (re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)*\|?[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?:[*_=][ \t]*){3,}$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE), r"\n\1\n"),
    (re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE), ""),
    (re.compile(r"^([ \t]*)[*+][ \t]+(?=\S)", re.MULTILINE), r"\1- "),
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>"), ""),
    (re.compile(r"!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)"), r"\1"),
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"(\*{1,3})(?=\S)([^*\n]+?)\1"), r"\2"),
    (re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_\n]+?)\1(?!\w)"), r"\2"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|<>-])"), r"\1"),
    (re.compile(r"^[ \t]*\|[ \t]*(.*?)[ \t]*\|[ \t]*$", re.MULTILINE), r"\1"),
)
_MD_CELL = re.compile(r"[ \t]+\|[ \t]+")
_MD_HEADING = re.compile(r"^[ \t]{0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def parse_text(path: Path) -> ParsedFile:
    """A .txt file as one page.

    Raises:
        ContentMismatch: it is not text.
    """
    text = clean(_whole(path.read_bytes()))
    return ParsedFile(pages=(PageText(number=None, text=text),), opening=text[:OPENING_LENGTH])


def parse_markdown(path: Path) -> ParsedFile:
    """A Markdown file as one page of plain text, its headings on lines of their own.

    Raises:
        ContentMismatch: it is not text.
    """
    source = _whole(path.read_bytes()).replace("\r\n", "\n")
    text = clean(_plain(source))
    found = ((clean(_plain(heading)), len(hashes)) for hashes, heading in _MD_HEADING.findall(source))
    headings = [(heading, level) for heading, level in found if heading]
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        headings=tuple(heading for heading, _ in headings),
        levels=tuple(level for _, level in headings),
    )


def _whole(data: bytes) -> str:
    """The text of a file that is nothing but text, where a lost character would be a silent change of the law.

    Raises:
        ContentMismatch: it is not text, or some of it was lost.
    """
    text = restore_lost_ligatures(decode(data))
    if "\x00" in text:
        raise ContentMismatch("o texto tem bytes nulos: está corrompido; salve-o de novo como texto (UTF-8) e envie.")
    if "\ufffd" in text or any(_ODD.search(word) for word in _HIGH_WORD.findall(text)):
        raise ContentMismatch(
            "o texto não é UTF-8 nem Windows-1252 inteiro: está corrompido; salve-o de novo como UTF-8 e envie."
        )
    return text


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, UTF-16 where marked or evident, else Windows-1252 or Latin-1.

    A few broken sequences in evident UTF-8 become U+FFFD.

    Raises:
        ContentMismatch: the bytes are another format, or no text at all.
    """
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise ContentMismatch(f"o conteúdo é {what}, e não texto; salve-o com a extensão certa e envie de novo.")
    if data.startswith(_UTF16_MARKS):
        return data.decode("utf-16", errors="replace")
    sample = data[:_SAMPLE]
    if sample[1::2].count(0) > _UTF16_ZEROS * len(sample):
        return data.decode("utf-16-le", errors="replace")
    if len(sample) - len(sample.translate(None, _CONTROLS)) > max(4, _MOST_CONTROLS * len(sample)):
        raise ContentMismatch("o conteúdo é binário, e não texto; salve-o como texto (UTF-8) e envie de novo.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_other(data)


def _decode_other(data: bytes) -> str:
    lenient = data.decode("utf-8-sig", errors="replace")
    beyond_ascii = sum(char > "\x7f" for char in lenient)
    if lenient.count("\ufffd") < _MOST_BROKEN * beyond_ascii:
        return lenient
    best = from_bytes(data, cp_isolation=["cp1252", "latin_1"]).best()
    return str(best) if best is not None else data.decode("latin-1")


def _plain(markdown: str) -> str:
    for pattern, replacement in _MD_RULES:
        markdown = pattern.sub(replacement, markdown)
    return _MD_CELL.sub("\t", markdown)
