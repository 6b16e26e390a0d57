"""PDF with a text layer, by pdfium."""

import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pypdfium2

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch, ExtractionFailed, NoTextLayer
from balcao.domain.portuguese import fold
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.parsed import ExtractionLimits, ParsedFile

_SIGNATURE = b"%PDF-"
_SIGNATURE_WITHIN = 1024
_PASSWORD_ERROR = 4
_EDGE_LINES = 3
_FEWEST_PAGES = 3
_OPENING_PAGES = 3
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?(?:([+-])(\d\d)'?(\d\d)|Z)?")


def parse_pdf(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """A PDF page by page, empty pages kept, without what is repeated at the pages' edges.

    Raises:
        ContentMismatch: it is no PDF.
        ExtractionFailed: it is broken, needs a password or has too many pages.
        NoTextLayer: its pages hold no text.
    """
    with path.open("rb") as file:
        if _SIGNATURE not in file.read(_SIGNATURE_WITHIN):
            raise ContentMismatch(
                "o conteúdo não é um PDF; confira a extensão ou exporte o documento de novo como PDF."
            )
    try:
        document = pypdfium2.PdfDocument(path)
        if len(document) > limits.pages:
            raise ExtractionFailed(f"o PDF tem mais de {limits.pages} páginas; divida-o e envie as partes.")
        texts = [_page_text(document, number) for number in range(len(document))]
        facts = {key: clean(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise ExtractionFailed("o PDF é protegido por senha; salve uma cópia sem senha e envie-a.") from error
        raise ExtractionFailed("o PDF está corrompido ou incompleto; baixe-o ou exporte-o de novo.") from error
    if not any(char.isalnum() for text in texts for char in text):
        raise NoTextLayer("PDF sem camada de texto (só imagens); passe-o por OCR e envie o resultado.")
    pages = tuple(PageText(number=number, text=text) for number, text in enumerate(without_repeated_edges(texts), 1))
    return ParsedFile(
        pages=pages,
        opening="\n".join(texts[:_OPENING_PAGES]),
        names=tuple(facts[key] for key in ("Title", "Subject") if facts.get(key)),
        stated=_stated(facts),
    )


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    with closing(document[number]) as page, closing(page.get_textpage()) as text:
        return clean(text.get_text_bounded())


def without_repeated_edges(texts: list[str]) -> list[str]:
    """Pages without running headers, footers and page numbers.

    These are the lines that stand, digits apart, among the first or last three of more than half the pages. The first
    page keeps what is above its text: a cover's letterhead says whose document it is.
    """
    if len(texts) < _FEWEST_PAGES:
        return texts
    pages = [[line for line in text.split("\n") if line] for text in texts]
    on_pages = Counter(key for lines in pages for key in {_edge_key(line) for line in _edges(lines)})
    repeated = {key for key, count in on_pages.items() if count > len(pages) / 2}
    first = _without_footer(pages[0], repeated)
    return ["\n".join(lines) for lines in (first, *(_without_edges(lines, repeated) for lines in pages[1:]))]


def _edges(lines: list[str]) -> list[str]:
    return lines[:_EDGE_LINES] + lines[_EDGE_LINES:][-_EDGE_LINES:]


def _edge_key(line: str) -> str:
    return _DIGITS.sub("#", fold(line))


def _without_footer(lines: list[str], repeated: set[str]) -> list[str]:
    kept = list(lines)
    while kept and len(kept) > len(lines) - _EDGE_LINES and _edge_key(kept[-1]) in repeated:
        kept.pop()
    return kept


def _without_edges(lines: list[str], repeated: set[str]) -> list[str]:
    inside = range(_EDGE_LINES, len(lines) - _EDGE_LINES)
    return [line for place, line in enumerate(lines) if place in inside or _edge_key(line) not in repeated]


def _stated(facts: dict[str, str]) -> dict[str, str]:
    names = {"author": "Author", "subject": "Subject", "creation_date": "CreationDate", "modification_date": "ModDate"}
    stated = {field: facts[key] for field, key in names.items() if facts.get(key)}
    return {field: _iso(value) if field.endswith("_date") else value for field, value in stated.items()}


def _iso(date: str) -> str:
    """A PDF date (ISO 32000-1, 7.9.4) in ISO 8601; any other value as it is."""
    match = _DATE.match(date)
    if match is None:
        return date
    year, month, day, hour, minute, second, sign, zone_hour, zone_minute = match.groups()
    time = f"T{hour}:{minute}:{second}" if hour else ""
    zone = f"{sign}{zone_hour}:{zone_minute}" if sign and time else ""
    return f"{year}-{month}-{day}{time}{zone}"
