"""Normative acts by their names: "Lei nº 12.527/2011", "lei complementar 123", "Decreto-Lei nº 200, de 1967"."""

import re
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter


class ActKind(StrEnum):
    """Kinds of normative and administrative acts (Constituição, art. 59, and the acts of city halls)."""

    CONSTITUICAO = "constituicao"
    EMENDA_CONSTITUCIONAL = "emenda_constitucional"
    LEI_ORGANICA = "lei_organica"
    LEI_COMPLEMENTAR = "lei_complementar"
    LEI = "lei"
    DECRETO_LEI = "decreto_lei"
    DECRETO = "decreto"
    MEDIDA_PROVISORIA = "medida_provisoria"
    PORTARIA = "portaria"
    RESOLUCAO = "resolucao"
    INSTRUCAO_NORMATIVA = "instrucao_normativa"
    EDITAL = "edital"
    PREGAO = "pregao"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act by kind, number (digits only, without leading zeros) and year; what a text does not say is None."""

    kind: ActKind
    number: str | None = None
    year: int | None = None


# Longest names first: "lei" also begins "lei complementar"
_NAMES = (
    (ActKind.EMENDA_CONSTITUCIONAL, r"emendas?\s+constituciona(?:l|is)|E\.?C\.?"),
    (ActKind.LEI_COMPLEMENTAR, r"leis?\s+complementar(?:es)?(?:\s+municipa(?:l|is)|\s+federa(?:l|is))?|L\.?C\.?"),
    (ActKind.LEI_ORGANICA, r"lei\s+org[âa]nica"),
    (ActKind.DECRETO_LEI, r"decretos?\s*-\s*leis?|decreto\s+lei|D\.?L\.?"),
    (ActKind.DECRETO, r"decretos?(?:\s+municipa(?:l|is)|\s+legislativos?|\s+federa(?:l|is))?"),
    (ActKind.MEDIDA_PROVISORIA, r"medidas?\s+provis[óo]rias?|M\.?P\.?V?"),
    (ActKind.PORTARIA, r"portarias?(?:\s+(?:conjunta|normativa))?"),
    (ActKind.RESOLUCAO, r"resolu[çc](?:[ãa]o|[õo]es)"),
    (ActKind.INSTRUCAO_NORMATIVA, r"instru[çc](?:[ãa]o|[õo]es)\s+normativas?|I\.?N\.?"),
    (ActKind.EDITAL, r"edita(?:l|is)"),
    (ActKind.PREGAO, r"preg[ãa]o(?:\s+eletr[ôo]nico|\s+presencial)?"),
    (ActKind.LEI, r"leis?(?:\s+(?:federal|estadual|municipal|ordin[áa]ria))*"),
)
_NUMBER = r"(?:\s*,?\s*n\s*[.º°o]{0,2}\s*|\s+n[úu]mero\s+|\s+)(?P<number>\d{1,3}(?:\.\d{3})+|\d{1,6})(?![\d.]*\d)"
_YEAR = (
    r"(?:\s*/\s*(?P<short>\d{4}|\d{2})(?!\d)|\s*\((?P<bracketed>(?:18|19|20)\d{2})\)"
    r"|\s*,?\s+de\s+(?:\d{1,2}\s*[º°o]?\s+de\s+[a-zç]+\s+de\s+)?(?P<year>(?:18|19|20)\d{2})(?!\d))?"
)
_ACTS = [(kind, re.compile(rf"(?<!\w)(?:{name}){_NUMBER}{_YEAR}", re.IGNORECASE)) for kind, name in _NAMES]
_CONSTITUTION = re.compile(
    r"(?<!\w)constitui[çc][ãa]o(?:\s+(?:federal|da\s+rep[úu]blica))?(?!\w|\s+de\s+\D)", re.IGNORECASE
)
_BEFORE_AN_ACT = re.compile(
    r"[\W\d_]*(?:(?:texto|[íi]ntegra|vers[ãa]o|consolidad[oa]|atualizad[oa]|compilad[oa]|[ao]|d[ao])\W+)*"
    r"(?:(?:prefeitura|c[âa]mara|munic[íi]pio|governo|estado|secretaria)\b[^:|–—-]*[:|–—-]\W*)?",
    re.IGNORECASE,
)
_CODIFIED = re.compile(r"\W*(?:c[óo]digo|estatuto|consolida[çc][ãa]o)\b", re.IGNORECASE)
_CENTURY_BREAK = 50
"""A year of two digits above it is of the 20th century: nobody cites an act of the future."""


def act_number(written: str) -> str | None:
    """An act's number as it is compared, "12.527" as "12527" and "007" as "7"; None where there is no digit."""
    digits = "".join(char for char in written if char in "0123456789")
    return digits.lstrip("0") or "0" if digits else None


def acts_named_in(text: str) -> tuple[Act, ...]:
    """The numbered acts that a text names, in its order, each once."""
    return tuple(dict.fromkeys(act for _, act in _acts_in(text)))


def without_acts(text: str) -> str:
    """The text without the numbered acts that it names: "lei 9394" has no word that "Lei nº 9.394/1996" is found by."""
    for _, pattern in _ACTS:
        text = pattern.sub(" ", text)
    return text


def act_of_title(title: str) -> Act | None:
    """The act that a document with this title is: the one that the title begins with.

    "Cartilha sobre a Lei nº 11.788/2008" and "Projeto de Lei nº 45/2023" are none. Before the act may stand only that
    this is its text, and the organ that publishes it, ended by a dash, bar or colon. A code or statute is the act
    that made it: "Código Tributário Nacional (Lei nº 5.172/1966)".
    """
    named = _acts_in(title)
    if named and _BEFORE_AN_ACT.fullmatch(title, 0, named[0][0]):
        return named[0][1]
    if re.match(r"\s*lei\s+org[âa]nica", title, re.IGNORECASE):
        return Act(kind=ActKind.LEI_ORGANICA)
    if _CONSTITUTION.match(title.strip()):
        return Act(kind=ActKind.CONSTITUICAO)
    return named[0][1] if named and _CODIFIED.match(title) else None


def _acts_in(text: str) -> list[tuple[int, Act]]:
    """Where each numbered act is named, and which it is, in the text's order."""
    found: list[tuple[int, Act]] = []
    taken: list[tuple[int, int]] = []
    for kind, pattern in _ACTS:
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                act = Act(kind=kind, number=act_number(match["number"]), year=_year(match))
                found.append((match.start(), act))
    return sorted(found, key=itemgetter(0))


def _year(match: re.Match[str]) -> int | None:
    if whole := match["year"] or match["bracketed"]:
        return int(whole)
    short = match["short"]
    if not short:
        return None
    if len(short) == len("2019"):
        return int(short)
    return int(short) + (1900 if int(short) > _CENTURY_BREAK else 2000)
