"""Finds the title by which a document calls itself."""

import re
from pathlib import Path

from balcao.domain.portuguese import fold
from balcao.domain.text import storable_path
from balcao.infrastructure.external.extraction.parsed import ParsedFile
from balcao.infrastructure.external.extraction.title_case import readable_case

_LONGEST = 300
_LONGEST_NAME = 120
_LONGEST_EPIGRAPH = 160
_GAZETTE_LINES = 15
_EPIGRAPH_LINES = 80
_MONTH = "(?:janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro)"

_GAZETTE = re.compile(r"^(?:(?:di[áa]rio|jornal|boletim) oficial|imprensa oficial)\b", re.IGNORECASE)
_EDITION = re.compile(r"\bedição\s*(?:n[º°o.]*\s*)?([\d.]+)", re.IGNORECASE)
_DATE = re.compile(rf"\b\d{{1,2}}º? de {_MONTH} de \d{{4}}\b", re.IGNORECASE)
_KIND = (
    r"(?:lei(?: complementar| ordinária| delegada| municipal| estadual| federal){0,2}"
    r"|decreto(?:-lei| legislativo| municipal| estadual)?|medida provisória|emenda constitucional"
    r"|emenda à lei orgânica(?: municipal)?|portaria|resolução|instrução normativa|ato|edital|deliberação|provimento"
    r"|ordem de serviço)"
)
_NUMBER = r"(?: conjunt[ao])?(?: [A-Z][\w/.-]{0,12}){0,3}\s*,?\s*n\s*[º°ªo.]{1,3}\s*[\d.]+(?:[-/ ][\w/-]{1,20})?"
_WHEN = rf"(?:\s*[,–-]?\s*de\s+\d{{1,2}}\s*[º°o]?\s+de\s+{_MONTH}\s+de\s+\d{{4}})"
_NUMBERED_ACT = re.compile(rf"{_KIND}{_NUMBER}{_WHEN}?\s*\.?", re.IGNORECASE)
_UNFINISHED = re.compile(rf"{_KIND}{_NUMBER}.*\bde$", re.IGNORECASE)
_ORGANIC_LAW = re.compile(
    r"lei orgânica (?:municipal|do município|da cidade|do distrito federal)(?: (?:de|do|da) .{2,60})?", re.IGNORECASE
)
_CONSTITUTION = re.compile(
    r"constituição (?:da república federativa do brasil|do estado d[aeo] .{3,25})(?: de \d{4})?", re.IGNORECASE
)
_NAMED = re.compile(
    r"(?:ata|carta de serviços|cartilha|contrato|convênio|declaração|despachos?|edital|estatuto|guia|manual|memorando"
    r"|nota técnica|ofício|parecer|plano|projeto de lei|regimento|regulamento|relatório|termo)\b[^.;:]{0,110}\.?",
    re.IGNORECASE,
)
_NAMED_LINES = 25
_ISSUER = re.compile(
    r"(?:marinha|exército|prefeitura|município|câmara|governo|ministério|secretaria|estado|tribunal|poder)\b[^\d–-]{0,60}",
    re.IGNORECASE,
)
_CATALOGUE_CODE = re.compile(r"^(?=\S*\d)[A-Z]+(?:-[A-Z\d]+)+ [-–] ")
_GENERATED = re.compile(
    r"^(?:microsoft word - |untitled|sem título|documento?\d*$|document\d*$|slide \d|layout \d)", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\.(?:docx?|odt|rtf|pdf|indd|html?|txt|md)$", re.IGNORECASE)
_CODE = re.compile(r"^(?=.*[\d_])[\w.-]+$")


def title_of(parsed: ParsedFile, path: Path) -> str:
    """The document's own title on one line of at most 300 characters.

    A gazette's is its name, edition and date; an act's is its epigraph, with the name by which people know the act
    where the file gives one; then a meaningful title property, a line that names a kind of document, the first heading,
    the first line, the file's name.
    """
    lines = [line for line in (" ".join(line.split()) for line in parsed.opening.split("\n")) if line]
    meaningful = (" ".join(name.split()) for name in parsed.names if _is_meaningful(name))
    names = [_CATALOGUE_CODE.sub("", name) for name in meaningful if not _ISSUER.fullmatch(name)]
    title = _gazette(lines, list(parsed.names)) or _act(lines, names)
    if title is None:
        named = (line for line in lines[:_NAMED_LINES] if line[0].isupper() and _NAMED.fullmatch(line))
        candidates = [*names, *named, *parsed.headings, *(line for line in lines if any(map(str.isalpha, line)))]
        title = " ".join(next(iter(candidates), storable_path(path.stem).replace("_", " ")).split())
    return _shortened(readable_case(title))


def _is_meaningful(name: str) -> bool:
    name = name.strip()
    return len(name) > 3 and not (_GENERATED.match(name) or _FILE_NAME.search(name) or _CODE.match(name))


def _gazette(lines: list[str], names: list[str]) -> str | None:
    """ "Diário Oficial do Município de X – Edição 1 – 2 de janeiro de 2020", from a first page or title properties."""
    first = lines[:_GAZETTE_LINES]
    masthead = next((line for line in first if _GAZETTE.match(line)), None)
    property_name = next((name for name in names if _GAZETTE.match(name)), None)
    edition = next((match for line in first if (match := _EDITION.search(line))), None)
    date = next((match for line in first if (match := _DATE.search(line))), None)
    if not (masthead or property_name) or not (edition or date):
        return None
    owner = [name for name in names if name != property_name and _is_meaningful(name)]
    parts = [readable_case(masthead[:_LONGEST_NAME])] if masthead else [property_name or "", *owner[:1]]
    if edition:
        parts.append(f"Edição {edition[1].rstrip('.')}")
    if date:
        parts.append(date[0].lower())
    return " – ".join(parts)


def _act(lines: list[str], names: list[str]) -> str | None:
    epigraph = _epigraph(lines)
    if epigraph is None:
        return next((name for name in names if _ORGANIC_LAW.match(name)), None)
    if _ORGANIC_LAW.fullmatch(epigraph) or _CONSTITUTION.fullmatch(epigraph):
        fuller = (name for name in names if _ORGANIC_LAW.match(name) and len(name) > len(epigraph))
        return next(fuller, epigraph)
    known_as = (name for name in names if len(name) <= _LONGEST_NAME and not _says_the_same(name, epigraph))
    name = next(known_as, None)
    epigraph = readable_case(epigraph.rstrip(" ."))
    return f"{epigraph} – {readable_case(name)}" if name else epigraph


def _epigraph(lines: list[str]) -> str | None:
    """The line that designates the act, mended where the year stands on the next one."""
    for line, following in zip(lines[:_EPIGRAPH_LINES], [*lines[1:], ""], strict=False):
        if len(line) > _LONGEST_EPIGRAPH or not line[0].isupper():
            continue
        whole = f"{line} {following}" if _UNFINISHED.fullmatch(line) else line
        if len(whole) <= _LONGEST_EPIGRAPH and any(
            pattern.fullmatch(whole) for pattern in (_NUMBERED_ACT, _ORGANIC_LAW, _CONSTITUTION)
        ):
            return whole
    return None


def _says_the_same(name: str, epigraph: str) -> bool:
    """Whether a name only repeats the epigraph: it has its number, or is an act of its own."""
    number = re.search(r"\d[\d.]*\d|\d", epigraph)
    digits = number[0].replace(".", "") if number else ""
    folded = fold(name)
    return folded in fold(epigraph) or digits in re.findall(r"\d+", folded.replace(".", ""))


def _shortened(title: str) -> str:
    if len(title) <= _LONGEST:
        return title
    return title[: _LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"
