"""DOCX: paragraphs and tables in document order."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml import etree

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch, ExtractionFailed
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile

_MAIN_PART = "word/document.xml"
_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"
_BROKEN = "o DOCX está corrompido; abra-o no editor, salve-o de novo e envie."
_DEEPEST = 6
_HEADING_STYLES = ("Heading", "Title", "Ttulo", "Titulo")

_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_WRAPPERS = frozenset([qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml"), qn("w:smartTag")])
_PIECES = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", _PARAGRAPH: "\n"}
_VISIBLE = etree.XPath(
    "(.//w:t | .//w:r/w:tab | .//w:r/w:br | .//w:r/w:cr | .//w:r/w:noBreakHyphen | .//w:txbxContent//w:p)"
    "[not(ancestor::mc:Fallback)]",
    namespaces={
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    },
)
_STYLE = f"{qn('w:pPr')}/{qn('w:pStyle')}"


def parse_docx(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """A DOCX as one page: the letterhead (the first section's header), then paragraphs and tables in order.

    Raises:
        ContentMismatch: it is no DOCX.
        ExtractionFailed: it is broken, or unpacks to more than the limit.
    """
    _check_package(path, limits)
    try:
        document = docx.Document(str(path))
    except (PackageNotFoundError, zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError) as error:
        raise ExtractionFailed(_BROKEN) from error
    body = document.element.body
    text = clean("\n".join([*_letterhead(document), *_blocks(body, 0)]))
    headings = (clean(_text(paragraph)) for paragraph in body.iterchildren(_PARAGRAPH) if _is_heading(paragraph))
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        names=tuple(filter(None, [clean(document.core_properties.title or "")])),
        headings=tuple(filter(None, headings)),
        stated=_stated(document),
    )


def _check_package(path: Path, limits: ExtractionLimits) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        raise ContentMismatch("o conteúdo é um DOC antigo ou um DOCX com senha; salve-o como DOCX sem senha e envie.")
    if not start.startswith(_ZIP):
        raise ContentMismatch("o conteúdo não é um DOCX; abra-o no editor e salve-o como DOCX, ou corrija a extensão.")
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
    except zipfile.BadZipFile as error:
        raise ExtractionFailed(_BROKEN) from error
    if sum(member.file_size for member in members) > limits.unpacked_size:
        raise ExtractionFailed("o DOCX descompactado é grande demais; divida-o e envie as partes.")
    if all(member.filename != _MAIN_PART for member in members):
        raise ContentMismatch("o conteúdo é um arquivo compactado, mas não um DOCX; salve o documento como DOCX.")


def _letterhead(document: WordDocument) -> Iterator[str]:
    if len(document.sections) and not document.sections[0].header.is_linked_to_previous:
        yield from _blocks(document.sections[0].header.part.element, 0)


def _blocks(container: etree._Element, depth: int) -> Iterator[str]:
    """The paragraphs of a container and the rows of its tables, in order."""
    if depth > _DEEPEST:
        raise ExtractionFailed("o DOCX tem tabelas dentro de tabelas demais; simplifique-o e envie de novo.")
    for block in container.iterchildren():
        if block.tag == _PARAGRAPH:
            yield _text(block)
        elif block.tag == _TABLE:
            for row in block.iterchildren(_ROW):
                yield _row(row, depth)
        elif block.tag in _WRAPPERS:
            yield from _blocks(block, depth + 1)


def _row(row: etree._Element, depth: int) -> str:
    """A row on one line, its cells parted by tabs; a lone cell keeps its lines, since it only lays the page out."""
    cells = ["\n".join(_blocks(cell, depth + 1)) for cell in row.iterchildren(_CELL)]
    return cells[0] if len(cells) == 1 else "\t".join(" ".join(cell.split()) for cell in cells)


def _text(paragraph: etree._Element) -> str:
    """A paragraph's visible text: insertions under revision included, deletions and doubled text boxes not."""
    return "".join(_PIECES.get(element.tag) or element.text or "" for element in _VISIBLE(paragraph))


def _is_heading(paragraph: etree._Element) -> bool:
    style = paragraph.find(_STYLE)
    return style is not None and style.get(qn("w:val"), "").startswith(_HEADING_STYLES)


def _stated(document: WordDocument) -> dict[str, str]:
    facts = document.core_properties
    stated = {
        "author": facts.author,
        "subject": facts.subject,
        "creation_date": facts.created.isoformat() if facts.created else "",
        "modification_date": facts.modified.isoformat() if facts.modified else "",
    }
    return {field: clean(value) for field, value in stated.items() if value}
