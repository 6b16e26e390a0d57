"""ODT (OpenDocument 1.3, part 3): paragraphs, lists and tables in document order."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from balcao.domain.document import PageText
from balcao.domain.errors import ExtractionFailed
from balcao.infrastructure.external.extraction.clean import clean
from balcao.infrastructure.external.extraction.package import check_package, read_part
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ExtractionLimits, ParsedFile

_NAME = "ODT"
_MAIN_PART, _STYLES, _META, _MANIFEST = "content.xml", "styles.xml", "meta.xml", "META-INF/manifest.xml"
_DEEPEST = 40
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_SPACES = {
    "office": f"{_OASIS}:office:1.0",
    "text": f"{_OASIS}:text:1.0",
    "table": f"{_OASIS}:table:1.0",
    "draw": f"{_OASIS}:drawing:1.0",
    "style": f"{_OASIS}:style:1.0",
    "svg": f"{_OASIS}:svg-compatible:1.0",
    "meta": f"{_OASIS}:meta:1.0",
    "manifest": f"{_OASIS}:manifest:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_SPACES[prefix]}}}{local}"


_PARAGRAPHS = frozenset([_tag("text:p"), _tag("text:h")])
_HEADING, _TABLE, _ROW = _tag("text:h"), _tag("table:table"), _tag("table:table-row")
_LEVEL = _tag("text:outline-level")
_CELLS = frozenset([_tag("table:table-cell"), _tag("table:covered-table-cell")])
_DROPPED = frozenset(
    map(
        _tag,
        ["text:tracked-changes", "text:note-citation", "office:annotation", "office:forms", "svg:desc", "svg:title"],
    )
)
_PIECES = {_tag("text:s"): " ", _tag("text:tab"): "\t", _tag("text:line-break"): "\n"}
_FRAME_TEXT = frozenset([_tag("draw:text-box"), _tag("text:note-body")])
_STATED = {
    "author": ("meta:initial-creator", "dc:creator"),
    "subject": ("dc:subject",),
    "creation_date": ("meta:creation-date",),
    "modification_date": ("dc:date",),
}


def parse_odt(path: Path, limits: ExtractionLimits) -> ParsedFile:
    """An ODT as one page: the letterhead (the pages' header), then paragraphs and tables in order.

    Raises:
        ContentMismatch: it is no ODT.
        ExtractionFailed: it is broken, protected, or unpacks to more than the limit.
    """
    parts = check_package(path, _MAIN_PART, _NAME, limits)
    if (
        _MANIFEST in parts
        and read_part(path, _MANIFEST, _NAME).find(".//manifest:encryption-data", _SPACES) is not None
    ):
        raise ExtractionFailed("o ODT é protegido por senha; salve uma cópia sem senha e envie-a.")
    body = read_part(path, _MAIN_PART, _NAME).find("office:body/office:text", _SPACES)
    if body is None:
        raise ExtractionFailed("o arquivo OpenDocument não é um texto (ODT); exporte-o como PDF e envie.")
    headers = read_part(path, _STYLES, _NAME).iter(_tag("style:header")) if _STYLES in parts else iter(())
    header = next(headers, None)
    lines = [] if header is None else list(_blocks(header, 0))
    text = clean("\n".join([*lines, *_blocks(body, 0)]))
    headings = [(line, _level(heading)) for heading in body.iter(_HEADING) if (line := clean(_text(heading)))]
    facts = read_part(path, _META, _NAME) if _META in parts else None
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        names=tuple(filter(None, [_fact(facts, "dc:title")])),
        headings=tuple(line for line, _ in headings),
        levels=tuple(level for _, level in headings),
        stated={
            field: value
            for field, names in _STATED.items()
            if (value := next(filter(None, (_fact(facts, name) for name in names)), ""))
        },
    )


def _level(heading: etree._Element) -> int:
    level = heading.get(_LEVEL, "")
    return int(level) if level.isdecimal() and len(level) == 1 else 1


def _fact(facts: etree._Element | None, name: str) -> str:
    found = None if facts is None else facts.find(f".//{name}", _SPACES)
    return "" if found is None else clean(found.text or "")


def _blocks(container: etree._Element, depth: int) -> Iterator[str]:
    """The paragraphs of a container and the rows of its tables, in order."""
    if depth > _DEEPEST:
        raise ExtractionFailed("o ODT tem tabelas ou listas dentro de outras demais; simplifique-o e envie de novo.")
    for block in container.iterchildren(etree.Element):
        if block.tag in _PARAGRAPHS:
            yield _text(block)
            for frame in block.iter(*_FRAME_TEXT):
                yield from _blocks(frame, depth + 1)
        elif block.tag == _ROW:
            yield _row(block, depth)
        elif block.tag not in _DROPPED:
            yield from _blocks(block, depth + 1)


def _row(row: etree._Element, depth: int) -> str:
    """A row on one line, its cells parted by tabs; a lone cell keeps its lines, since it only lays the page out."""
    cells = ["\n".join(_blocks(cell, depth + 1)) for cell in row.iterchildren(*_CELLS)]
    return cells[0] if len(cells) == 1 else "\t".join(" ".join(cell.split()) for cell in cells).rstrip("\t")


def _text(paragraph: etree._Element) -> str:
    """A paragraph's text without what its frames, notes and comments hold."""
    pieces: list[str] = []
    pending: list[etree._Element | str] = [paragraph]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            pieces.append(node)
            continue
        if node.tag in _PIECES:
            pieces.append(_PIECES[node.tag])
        if node.tag in _DROPPED or node.tag in _FRAME_TEXT or not isinstance(node.tag, str):
            continue
        for child in reversed(node):
            pending += [child.tail or "", child]
        pending.append(node.text or "")
    return "".join(pieces)
