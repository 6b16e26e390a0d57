"""The structure of Brazilian official texts: which lines open an article, a paragraph, an inciso, a heading.

The units and their order are those of Complementary Law 95/1998, art. 10: articles hold paragraphs (§), incisos (roman
numerals), alíneas (letters) and items; subsections, sections, chapters, titles, books and parts group articles.
Articles and paragraphs are ordinal up to the ninth and cardinal from the tenth on (idem, art. 10, I and III).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from balcao.domain.portuguese import fold


class UnitKind(IntEnum):
    """What a line opens; ``CONTENTS`` is an entry of a table of contents, ``TEXT`` none of the others.

    ``TABLE`` is the rows of one, whose cells tabs part.
    """

    ACT = 0
    HEADING = 1
    ARTICLE = 2
    PARAGRAPH = 3
    INCISO = 4
    ALINEA = 5
    ITEM = 6
    TEXT = 7
    CONTENTS = 8
    TABLE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMark:
    """What a line is by its own words.

    ``rank`` orders headings, the widest first; a ``bare`` one has a label and nothing else; a ``quoted`` one opens with
    a quotation mark, as the text that an amending law gives to another.
    """

    kind: UnitKind
    label: str = ""
    rank: int = 0
    quoted: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A structural unit of a text: ``text[start:end]``, up to the next unit."""

    mark: LineMark
    start: int
    end: int

    @property
    def kind(self) -> UnitKind:
        """What the unit is."""
        return self.mark.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    start: int
    text: str
    mark: LineMark

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


_TEXT = LineMark(kind=UnitKind.TEXT)
_CONTENTS = LineMark(kind=UnitKind.CONTENTS)
_ROW = LineMark(kind=UnitKind.TABLE)
_SEEN = 240  # characters of a line that are enough to recognise it
_LEADER_SEEN = 60  # and of its end, where an entry's page number is
_LEAD = re.compile(r"\s*(#{1,6}(?=\s))?[\s*_>•·–—-]*([\"“«]?)[\s*_]*")
_ROMAN = r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ORDINAL = r"(?:\s?[ºª°˚]|\s?o\b|\.o\b)?"
_ARTICLE = re.compile(
    rf"(?:Art|ART|Artigo|ARTIGO)\.?\s*(?P<number>\d{{1,3}}(?:\.\d{{3}})+|\d{{1,4}}){_ORDINAL}"
    r"(?P<letter>\s?-\s?[A-Z]{1,2}(?![^\W\d_]))?(?P<rest>.*)",
    re.DOTALL,
)
_PARAGRAPH = re.compile(
    rf"(?:§+\s*\d{{1,3}}{_ORDINAL}(?:\s?-\s?[A-Z]{{1,2}}(?![^\W\d_]))?|(?:Par[áa]grafo [úu]nico|PAR[ÁA]GRAFO [ÚU]NICO))"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_INCISO = re.compile(rf"{_ROMAN}(?:-[A-Z]{{1,2}})?\s*(?:[-–—)]\s*|(?<=[IVX])\.\s+)(?=\S)")
_ALINEA = re.compile(r"[a-z]{1,2}\)\s*(?=\S)")
_ITEM = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}(?:[.)]|\s[-–—])\s+(?=\S)")
_SECTIONS = {
    "anexo": ("Anexo", 11), "livro": ("Livro", 12), "parte": ("Parte", 12), "titulo": ("Título", 13),
    "capitulo": ("Capítulo", 14), "secao": ("Seção", 15), "subsecao": ("Subseção", 16),
}  # fmt: skip
_HEADING = re.compile(
    r"(?P<name>LIVRO|Livro|PARTE|Parte|T[IÍ]TULO|T[ií]tulo|CAP[IÍ]TULO|Cap[ií]tulo|SE[CÇ][AÃ]O|Se[cç][aã]o"
    r"|SUBSE[CÇ][AÃ]O|Subse[cç][aã]o|ANEXO|Anexo)"
    rf"\s+(?:[Nn][º°o.]+\s*)?(?P<number>{_ROMAN}(?:-[A-Z])?|\d{{1,3}}[ºª°]?|[ÚU]NIC[OA]|[ÚU]nic[oa]|G(?:ERAL|eral)|E(?:SPECIAL|special))"
    r"(?![^\W_])(?P<rest>.*)",
    re.DOTALL,
)
_ANNEX = re.compile(r"ANEXO\s*$")
_TRANSITORY = re.compile(r"ATO DAS DISPOSIÇÕES (?:CONSTITUCIONAIS |ORGÂNICAS )?TRANSITÓRIAS\b")
_ACT = re.compile(
    r"(?P<name>(?:PROJETO DE )?LEI(?: COMPLEMENTAR| ORDINÁRIA)?|DECRETO(?:-LEI| LEGISLATIVO)?|PORTARIA|RESOLUÇÃO|EDITAL"
    r"|INSTRUÇÃO NORMATIVA|MEDIDA PROVISÓRIA|EMENDA CONSTITUCIONAL|DELIBERAÇÃO|ORDEM DE SERVIÇO|ATO)"
    r"(?:\s+[A-Z/]{2,12})?\s+N(?:[º°.]|O\b)*\s*(?P<number>\d[\d./-]*)(?![^\W_])"
)
_NOTICE = re.compile(
    r"(?:AUTO|TERMO|EXTRATO|AVISO|HOMOLOGAÇÃO|RATIFICAÇÃO|RETIFICAÇÃO|ERRATA|NOTIFICAÇÃO|CONVOCAÇÃO|COMUNICADO|CHAMAMENTO"
    r"|DESPACHO|DISPENSA|INEXIGIBILIDADE|PREGÃO|CONCORRÊNCIA|ATA DE)(?![^\W_])[^a-zà-ÿ]*"
    r"|(?:Auto|Termo|Extrato|Aviso) d[aeo] [^,.;]{3,60} [Nn][º°o.]+\s*\d[\d./-]*"
)
_LEADER = re.compile(r"(?:(?:\.\s?){4,}|…{2,})\s*\d{1,4}\s*$")
_CONTENTS_TITLE = re.compile(r"\W*(?:SUMÁRIO|Sumário|ÍNDICE|Índice)\W*$")
_CLOSING_QUOTE = re.compile(r"[\"”»]\s*(?:\(NR\)|\(AC\))?\s*[.;]?\s*$")
_LONGEST_ENTRY = 200  # characters of a table of contents' entry, or of a heading's name
_LONGEST_HEADING = 120
_LOOK_BACK = 3  # lines that an entry with dot leaders may take


def classify_line(line: str) -> LineMark:
    """What a line opens, judged by itself.

    A reference that a line break brought to the start of a line ("Art. 5º, inciso I", "§ 2º do art. 37") is text: what
    follows a label's number is a capital, a dash, a full stop or nothing.
    """
    lead = _LEAD.match(line)
    start = lead.end() if lead else 0
    hashes = len(lead.group(1) or "") if lead else 0
    quoted = bool(lead and lead.group(2))
    body = line[start : start + _SEEN].replace("*", "").replace("_", "").strip()
    if not body:
        return _TEXT
    mark = _heading(body, hashes) or _unit(body)
    if _LEADER.search(line[-_LEADER_SEEN:]):
        return LineMark(kind=UnitKind.CONTENTS, label=mark.label if mark else "")
    if mark is None:
        return LineMark(kind=UnitKind.HEADING, label=body[:80], rank=hashes) if hashes else _TEXT
    return replace(mark, quoted=quoted) if quoted else mark


def _unit(body: str) -> LineMark | None:
    if (match := _ARTICLE.match(body)) and _opens(match["rest"]):
        label = _article_label(match["number"].replace(".", ""), match["letter"] or "")
        return LineMark(kind=UnitKind.ARTICLE, label=label, bare=not match["rest"].strip(" .-–—:"))
    if (match := _PARAGRAPH.match(body)) and _opens(match["rest"]):
        return LineMark(kind=UnitKind.PARAGRAPH)
    for pattern, kind in ((_INCISO, UnitKind.INCISO), (_ALINEA, UnitKind.ALINEA), (_ITEM, UnitKind.ITEM)):
        if pattern.match(body):
            return LineMark(kind=kind)
    return None


def _heading(body: str, hashes: int) -> LineMark | None:
    if (match := _HEADING.match(body)) and _opens(match["rest"]):
        (name, rank), number = _SECTIONS[fold(match["name"])], match["number"]
        number = number if re.fullmatch(r"[IVXLC]+(?:-[A-Z])?|\d.*", number) else number.capitalize()
        bare = not match["rest"].strip(" .-–—:")
        return LineMark(kind=UnitKind.HEADING, label=f"{name} {number}", rank=hashes or rank, bare=bare)
    name, rank = _SECTIONS["anexo"]
    if _ANNEX.match(body):
        return LineMark(kind=UnitKind.HEADING, label=name, rank=hashes or rank, bare=True)
    if match := _TRANSITORY.match(body):
        label = match[0].title().replace(" Das ", " das ")
        return LineMark(kind=UnitKind.HEADING, label=label, rank=hashes or rank)
    if (match := _ACT.match(body)) and len(body) < _LONGEST_ENTRY:
        return LineMark(kind=UnitKind.ACT, label=f"{match['name'].capitalize()} nº {match['number'].rstrip('./-')}")
    if (match := _NOTICE.fullmatch(body)) and len(body) < _LONGEST_ENTRY:
        return LineMark(kind=UnitKind.ACT, label=body[:80].rstrip(" .:"))
    return None


def _opens(rest: str) -> bool:
    """Whether what follows a label's number is the unit's own text, not the rest of a reference."""
    text = rest.lstrip()
    if not text or text[0] in "-–—:(":
        return True
    text = text.lstrip(". ")
    return not text or not (text[0].islower() or text[0] in ",;/)")


def _article_label(number: str, letter: str) -> str:
    ordinal = "º" if int(number) < 10 else ""
    return f"Art. {int(number)}{ordinal}{letter.replace(' ', '')}"


def parse_units(text: str, levels: Mapping[int, int]) -> list[Unit]:
    """Cut a text into its units, in order: together they are the whole text, from its first non-blank line on.

    ``levels`` are those of the lines that are headings by the file's own styles, by their offsets.
    """
    styled = [_styled(line, levels.get(line.start, 0)) for line in _lines(text)]
    lines = _with_tables(_without_false_acts(styled))
    in_contents = _contents_lines(lines)
    units: list[Unit] = []
    opened: LineMark | None = None
    start = 0
    after_blank = False
    for index, line in enumerate(lines):
        if line.is_blank:
            after_blank = True
            continue
        mark = _CONTENTS if index in in_contents else line.mark
        if opened is None or _begins_unit(opened, mark, line, after_blank=after_blank):
            if opened is not None:
                units.append(Unit(mark=opened, start=start, end=line.start))
            opened, start = mark, line.start
        elif opened.bare and opened.kind is UnitKind.HEADING:
            opened = replace(opened, bare=False)
        after_blank = False
    if opened is not None:
        units.append(Unit(mark=opened, start=start, end=len(text)))
    return units


def _begins_unit(opened: LineMark, mark: LineMark, line: _Line, *, after_blank: bool) -> bool:
    """Whether a line begins a unit of its own after ``opened``, or continues it."""
    if opened.kind is UnitKind.HEADING and mark.kind in (UnitKind.TEXT, UnitKind.INCISO):
        name = line.text.strip()
        if opened.bare and len(name) <= _LONGEST_ENTRY:
            return mark.kind is UnitKind.INCISO and not name.isupper()
        return after_blank or not name.isupper()
    if UnitKind.TABLE in (opened.kind, mark.kind):
        return mark.kind is not opened.kind
    return mark.kind is not UnitKind.TEXT or after_blank or opened.kind in (UnitKind.HEADING, UnitKind.CONTENTS)


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for piece in text.split("\n"):
        yield _Line(start=start, text=piece, mark=classify_line(piece))
        start += len(piece) + 1


def _styled(line: _Line, level: int) -> _Line:
    """A line with the mark of a heading of this level, if it has one and opens neither an article nor an act."""
    label = line.text.strip()
    if not level or not label or len(label) > _LONGEST_HEADING:
        return line
    if line.mark.kind is UnitKind.HEADING:
        return replace(line, mark=replace(line.mark, rank=level))
    is_plain = line.mark.kind in (UnitKind.TEXT, UnitKind.INCISO, UnitKind.ITEM)
    heading = LineMark(kind=UnitKind.HEADING, label=label[:80], rank=level)
    return replace(line, mark=heading) if is_plain else line


def _with_tables(lines: list[_Line]) -> list[_Line]:
    """Lines of plain text that hold tabs are rows of a table where there are several of them, blanks apart."""
    is_row = [line.mark.kind is UnitKind.TEXT and "\t" in line.text.strip() for line in lines]
    filled = [index for index, line in enumerate(lines) if not line.is_blank]
    rows: set[int] = set()
    for first, second in pairwise(filled):
        if is_row[first] and is_row[second]:
            rows |= {first, second}
    return [replace(line, mark=_ROW) if index in rows else line for index, line in enumerate(lines)]


def _without_false_acts(lines: list[_Line]) -> list[_Line]:
    """Acts count only where there are several (a gazette); a page header that repeats the act's name opens nothing."""
    several = len({line.mark.label for line in lines if line.mark.kind is UnitKind.ACT}) > 1
    current = ""
    kept: list[_Line] = []
    for line in lines:
        opens = several and line.mark.label != current
        if line.mark.kind is UnitKind.ACT:
            current = line.mark.label
        kept.append(replace(line, mark=_TEXT) if line.mark.kind is UnitKind.ACT and not opens else line)
    return kept


def _contents_lines(lines: list[_Line]) -> set[int]:
    """Indexes of the lines of tables of contents: dot leaders, lists of bare article numbers, "Sumário" sections."""
    filled = [index for index, line in enumerate(lines) if not line.is_blank]
    found: set[int] = set()
    for position, index in enumerate(filled):
        mark = lines[index].mark
        if mark.kind is UnitKind.CONTENTS:
            found.add(index)
            before = filled[max(0, position - _LOOK_BACK) : position]
            opening = next((i for i in before if lines[i].mark.kind is UnitKind.HEADING and i not in found), None)
            found.update(i for i in before if opening is not None and i >= opening)
        elif mark.kind is UnitKind.ARTICLE and mark.bare:
            beside = filled[max(0, position - 1) : position] + filled[position + 1 : position + 2]
            if any(lines[i].mark.kind is UnitKind.ARTICLE and lines[i].mark.bare for i in beside):
                found.add(index)
        elif _CONTENTS_TITLE.match(lines[index].text):
            found.update(_contents_section(lines, filled[position:]))
    return found


def _contents_section(lines: list[_Line], indexes: list[int]) -> list[int]:
    """The lines of a "Sumário" section, to its last entry: it ends where its first heading recurs, or at real text."""
    first = ""
    entries = last = 0
    for position, index in enumerate(indexes[1:], start=1):
        mark = lines[index].mark
        is_entry = mark.kind in (UnitKind.HEADING, UnitKind.CONTENTS) or (mark.kind is UnitKind.ARTICLE and mark.bare)
        if (mark.kind is UnitKind.HEADING and mark.label == first) or len(lines[index].text) > _LONGEST_ENTRY:
            break
        if mark.kind is UnitKind.ACT or (mark.kind is UnitKind.ARTICLE and not mark.bare):
            break
        if is_entry:
            first = first or ("" if mark.kind is UnitKind.ARTICLE else mark.label)
            entries, last = entries + 1, position
    return indexes[: last + 1] if entries > 1 else []


def closes_quotation(text: str) -> bool:
    """Whether a unit ends the quotation of an amended text (it ends in a closing quote, often followed by "(NR)")."""
    return bool(_CLOSING_QUOTE.search(text[-40:]))
