"""HTML: the main content as plain lines."""

import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from balcao.domain.document import PageText
from balcao.domain.errors import ContentMismatch
from balcao.infrastructure.external.extraction.clean import clean, restore_lost_ligatures
from balcao.infrastructure.external.extraction.parsed import OPENING_LENGTH, ParsedFile
from balcao.infrastructure.external.extraction.text import decode

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{3,20})", re.IGNORECASE)
_CHARSET_WITHIN = 4096
_IS_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|p|div|h[1-6]|table|br|span|article|section)[\s>/]", re.IGNORECASE
)
_DROPPED = (
    "script, style, noscript, template, iframe, object, svg, nav, footer, form, button, select, dialog, [hidden],"
    "[role=navigation], [aria-hidden=true], header ul, header ol"
)
_FURNITURE = frozenset(
    ["toc", "menu", "nav", "navbar", "navigation", "sidebar", "breadcrumb", "breadcrumbs", "footer", "rodape", "modal"]
)
_NAME_PARTS = re.compile(r"[a-z]+")
_MAIN_SHARE = 0.4
_LONGEST_CELL = 400

_PARAGRAPHS = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "dl",
        "blockquote",
        "pre",
        "section",
        "article",
        "hr",
    ]
)
_LINES = frozenset(
    [
        "div",
        "li",
        "tr",
        "dt",
        "dd",
        "caption",
        "header",
        "main",
        "details",
        "summary",
        "figure",
        "figcaption",
        "td",
        "th",
    ]
)
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_WHITE = re.compile(r"\s+")


def parse_html(path: Path) -> ParsedFile:
    """An HTML page as one page of text: no menus, scripts, forms, frames or footers; table rows on lines of their own.

    Raises:
        ContentMismatch: it holds no HTML.
    """
    source = restore_lost_ligatures(_decode(path.read_bytes()))
    if not _IS_HTML.search(source):
        raise ContentMismatch("o conteúdo não é HTML; corrija a extensão do arquivo e envie de novo.")
    tree = LexborHTMLParser(source)
    titles = [_line(node) for node in (tree.css_first("title"), tree.css_first("h1")) if node is not None]
    root = _main_content(tree)
    if root is None:
        return ParsedFile(pages=(PageText(number=None, text=""),), opening="", names=tuple(filter(None, titles)))
    text = clean(_render(root, _furniture(tree)))
    headings = [(line, int(node.tag[1])) for node in root.css(_HEADINGS) if node.tag and (line := _line(node))]
    author = tree.css_first("meta[name=author]")
    stated = {"author": clean(author.attributes.get("content") or "")} if author is not None else {}
    return ParsedFile(
        pages=(PageText(number=None, text=text),),
        opening=text[:OPENING_LENGTH],
        names=tuple(filter(None, titles)),
        headings=tuple(heading for heading, _ in headings),
        levels=tuple(level for _, level in headings),
        stated={field: value for field, value in stated.items() if value},
    )


def _decode(data: bytes) -> str:
    declared = _CHARSET.search(data[:_CHARSET_WITHIN])
    if declared and declared[1].lower() in (b"iso-8859-1", b"latin1", b"windows-1252") and b"\x00" not in data:
        return data.decode("cp1252", errors="replace")
    return decode(data)


def _main_content(tree: LexborHTMLParser) -> LexborNode | None:
    """The page's ``<main>`` or only ``<article>`` where that holds much of its text, else all of it."""
    body = tree.body
    if body is None:
        return None
    candidates = body.css("main, [role=main]") or body.css("article")
    if len(candidates) == 1 and len(candidates[0].text()) > _MAIN_SHARE * len(body.text()):
        return candidates[0]
    return body


def _furniture(tree: LexborHTMLParser) -> frozenset[int]:
    """The nodes that are no content, by identity: removing them while others are held frees memory still in use."""
    named = (node for node in tree.css("[class], [id]") if node.tag not in ("html", "body") and _is_furniture(node))
    return frozenset(node.mem_id for node in (*tree.css(_DROPPED), *named))


def _is_furniture(node: LexborNode) -> bool:
    names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
    return any(set(_NAME_PARTS.findall(name)) & _FURNITURE for name in names.split())


def _line(node: LexborNode) -> str:
    return " ".join(clean(_render(node, frozenset())).split())


def _render(root: LexborNode, furniture: frozenset[int]) -> str:
    """The text below a node, walked without recursion: hostile pages nest deeper than Python's stack."""
    pieces: list[str] = []
    pending: list[tuple[LexborNode | str, bool]] = [(root, False)]
    while pending:
        node, preformatted = pending.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif node.is_text_node:
            text = node.text_content or ""
            pieces.append(text if preformatted else _WHITE.sub(" ", text))
        elif node.mem_id in furniture:
            continue
        elif node.tag == "br":
            pieces.append("\n")
        elif node.tag == "tr" and (row := _data_row(node, furniture)) is not None:
            pieces.append(f"\n{row}")
        elif node.is_element_node:
            edge = "\n\n" if node.tag in _PARAGRAPHS else "\n" if node.tag in _LINES else ""
            pieces.append(edge)
            pending.append((edge, False))
            inside = preformatted or node.tag == "pre"
            pending.extend((child, inside) for child in reversed(list(node.iter(include_text=True))))
    return "".join(pieces)


def _data_row(row: LexborNode, furniture: frozenset[int]) -> str | None:
    """A table's row as "campo: valor" where a header cell opens it, else tabbed; None where it only lays out a page."""
    cells = [cell for cell in row.iter() if cell.tag in ("td", "th")]
    if len(cells) < 2 or row.css_first("table") is not None:
        return None
    texts = [" ".join(_render(cell, furniture).split()) for cell in cells]
    if any(len(text) > _LONGEST_CELL for text in texts):
        return None
    if len(cells) == 2 and cells[0].tag == "th" and cells[1].tag == "td":
        return f"{texts[0].rstrip(' :')}: {texts[1]}"
    return "\t".join(texts)
