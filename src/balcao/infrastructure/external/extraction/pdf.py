"""PDF: its text layer by pdfium, and OCR of the pages that have none."""

import re
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pypdfium2

from balcao.domain.errors import ContentMismatch, ExtractionFailed, NoTextLayer
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.edges import without_repeated_edges
from balcao.infrastructure.external.extraction.lines import TextLine, cleaned, divided_words, page_text, whole_rows
from balcao.infrastructure.external.extraction.ocr import MISSING, find_reader
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile
from balcao.infrastructure.external.extraction.pdf_lines import page_lines
from balcao.infrastructure.external.extraction.pdf_scans import draw_page, is_scan
from balcao.infrastructure.external.extraction.reading_order import reading_order

_SIGNATURE = b"%PDF-"
_SIGNATURE_WITHIN = 1024
_PASSWORD_ERROR = 4
_OPENING_PAGES = 3
_FEWEST_CHARACTERS = 40  # of a page that is read by its text alone: less may be a stamp upon a scan
_BLANK = (
    "sem camada de texto: nenhuma página tem texto; confira se este é o arquivo certo e se a digitalização é legível."
)
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?(?:([+-])(\d\d)'?(\d\d)|Z)?")


def parse_pdf(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """A PDF page by page, empty pages kept, without what is repeated at the pages' edges; scanned pages by OCR.

    Raises:
        ContentMismatch: it is no PDF.
        ExtractionFailed: it is broken, needs a password or has too many pages.
        NoTextLayer: its pages hold no text, and OCR is not installed or finds none either.
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
        return _Pages(document, limits).parse()
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR:
            raise ExtractionFailed("o PDF é protegido por senha; salve uma cópia sem senha e envie-a.") from error
        raise ExtractionFailed("o PDF está corrompido ou incompleto; baixe-o ou exporte-o de novo.") from error


class _Pages:
    """The pages of an open PDF."""

    def __init__(self, document: pypdfium2.PdfDocument, limits: ExtractionLimits) -> None:
        self._document = document
        self._limits = limits

    def parse(self) -> ParsedFile:
        facts = {key: clean(value) for key, value in self._document.get_metadata_dict(skip_empty=True).items()}
        read = [self._read(index) for index in range(len(self._document))]
        written = [_ordered(lines) for lines in without_repeated_edges(read)]
        scans = [index for index, lines in enumerate(written) if self._is_scan(index, lines)]
        recognised = self._recognise(scans) if scans else {}
        written = [recognised.get(index, lines) for index, lines in enumerate(written)]
        if not any(map(_has_text, written)):
            raise NoTextLayer(_BLANK if recognised or not scans else MISSING)
        words = divided_words(written)
        opening = (recognised.get(index) or _ordered(lines) for index, lines in enumerate(read[:_OPENING_PAGES]))
        return ParsedFile(
            pages=tuple(page_text(number, lines, words) for number, lines in enumerate(written, 1)),
            opening="\n".join(page_text(1, lines, words).text for lines in opening)[:OPENING_LENGTH],
            names=tuple(facts[key] for key in ("Title", "Subject") if facts.get(key)),
            stated=_stated(facts),
            recognised=tuple(index + 1 for index in recognised),
            unread=tuple(index + 1 for index in scans if index not in recognised),
        )

    def _read(self, index: int) -> list[TextLine]:
        with closing(self._document[index]) as page:
            return cleaned(page_lines(page))

    def _is_scan(self, index: int, lines: Sequence[TextLine]) -> bool:
        characters = sum(map(str.isalnum, "".join(line.text for line in lines)))
        if characters >= _FEWEST_CHARACTERS:
            return False
        with closing(self._document[index]) as page:
            return is_scan(page, has_text=characters > 0)

    def _recognise(self, scans: Sequence[int]) -> dict[int, list[TextLine]]:
        """The lines of scanned pages by index; none where OCR is not installed."""
        if len(scans) > self._limits.ocr_pages:
            most = self._limits.ocr_pages
            raise ExtractionFailed(f"o PDF tem mais de {most} páginas digitalizadas; divida-o e envie as partes.")
        reader = find_reader(self._limits)
        if reader is None:
            return {}
        recognised = {}
        for index in scans:
            with closing(self._document[index]) as page:
                recognised[index] = cleaned(reader.read(partial(draw_page, page), f"página {index + 1}"))
        return recognised


def _ordered(lines: Sequence[TextLine]) -> list[TextLine]:
    return whole_rows(reading_order(lines))


def _has_text(lines: Sequence[TextLine]) -> bool:
    return any(char.isalnum() for line in lines for char in line.text)


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
