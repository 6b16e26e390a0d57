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
from balcao.domain.errors import ExtractionFailed
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.package import broken, check_package
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile

_MAIN_PART = "word/document.xml"
_NAME = "DOCX"
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
    check_package(path, _MAIN_PART, _NAME, limits)
    try:
        document = docx.Document(str(path))
    except (
        PackageNotFoundError,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        etree.XMLSyntaxError,
        KeyError,
        ValueError,
    ) as error:
        raise ExtractionFailed(broken(_NAME)) from error
    body = document.element.body
    text = clean("\n".join([*_letterhead(document), *_blocks(body, 0)]))
    styled = ((clean(_text(paragraph)), _level(paragraph)) for paragraph in body.iterchildren(_PARAGRAPH))
    headings = [(heading, level) for heading, level in styled if heading and level]
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        names=tuple(filter(None, [clean(document.core_properties.title or "")])),
        headings=tuple(heading for heading, _ in headings),
        levels=tuple(level for _, level in headings),
        stated=_stated(document),
    )


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


def _level(paragraph: etree._Element) -> int:
    """The level of a heading, from 1; 0 of any other paragraph."""
    style = paragraph.find(_STYLE)
    name = "" if style is None else style.get(qn("w:val"), "")
    if not name.startswith(_HEADING_STYLES):
        return 0
    return int(name[-1]) if name[-1].isdecimal() else 1


def _stated(document: WordDocument) -> dict[str, str]:
    facts = document.core_properties
    stated = {
        "author": facts.author,
        "subject": facts.subject,
        "creation_date": facts.created.isoformat() if facts.created else "",
        "modification_date": facts.modified.isoformat() if facts.modified else "",
    }
    return {field: clean(value) for field, value in stated.items() if value}
