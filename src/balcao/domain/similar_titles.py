"""Whether two titles may name the same document: the act's key decides, spelling only suggests.

No likeness of letters can tell "Portaria 045/2023" from "Portaria 045/2024": with "biênio 2023-2024" in both, their
trigrams are equal (docs/adr/002). So titles whose numbers, years, months, ordinals, organs or places differ never name
one document, however alike they look.
"""

import difflib
import re
import unicodedata

from balcao.domain.acts import Act, act_of_title
from balcao.domain.document import Document
from balcao.domain.ente import Ente, Esfera

SIMILARITY = 0.9
"""Trigram similarity (pg_trgm) of unaccented, case-folded titles from which they count as alike (ADR 001)."""
_MONTHS = "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro".split()
_ORDINALS = "primeiro primeira segundo segunda terceiro terceira quarto quarta quinto quinta sexto sexta unico unica"
_MARKS = frozenset([*_MONTHS, *_ORDINALS.split()])
_DAY_OF_ACT = re.compile(rf",?\s*de\s+\d{{1,2}}\s*o?\s+de\s+(?:{'|'.join(_MONTHS)})(?=\s+de\s+\d{{4}})")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{3})+(?!\d)|\d+")
_SHORT_YEAR = re.compile(r"(?<=\d)/(\d{2})(?!\d)")
_ROMAN = re.compile(r"(?<![\w.])[ivx]{2,}(?!\w|\.\w)")
_PART = re.compile(r"\b(?:anexo|titulo|capitulo|parte|volume|livro|tomo|fase|etapa|lote|secao)\s+([a-z]|[ivx]+)\b")
_ACRONYM = re.compile(r"(?<!\w)[A-Z]{2,8}(?!\w)")
_ORGAN = re.compile(
    r"\b(?:secretaria|camara|fundacao|autarquia|instituto|departamento|conselho|ministerio|tribunal|procuradoria"
    r"|controladoria|ouvidoria|agencia|universidade|diretoria|gabinete|coordenadoria|companhia|guarda|fundo"
    r"|prefeitura|municipio|governo|estado)\b((?:\s+[a-z]+)*)"
)
_SMALL = frozenset("a as o os e da das de do dos em na nas no nos para por com municipal estadual federal".split())
_SPELLING = 0.75
"""Ratio (difflib) from which two words of an organ's or place's name are one word spelt in two ways."""
_CENTURY_BREAK = 50


def may_be_the_same(one: Document, other: Document) -> bool:
    """Whether two documents whose titles look alike, or name one act, may be one document in two files."""
    keys = {key for key in (act_key(one.title), act_key(other.title)) if key}
    return (
        len(keys) < len((one, other))
        and _one_issuer(one.ente, other.ente)
        and marks_of(one.title) == marks_of(other.title)
        and _one_place(one.title, other.title)
    )


def act_key(title: str) -> Act | None:
    """The act that a document of this title is, when kind, number and year are all there."""
    act = act_of_title(title)
    return act if act and act.number and act.year else None


def marks_of(title: str) -> frozenset[str]:
    """What tells one title of a series from the next: numbers, years, months, ordinals, roman numerals, annexes.

    The day and month of an act do not: its number and year say which it is, and not every title gives the date.
    """
    spelt = _plain(title)
    if act_key(title):
        spelt = _DAY_OF_ACT.sub("", spelt)
    numbers = {found.replace(".", "").lstrip("0") or "0" for found in _NUMBER.findall(_with_whole_years(spelt))}
    words = {word for word in re.findall(r"[a-z]+", spelt) if word in _MARKS}
    return frozenset(numbers | words | set(_ROMAN.findall(spelt)) | {f"parte {part}" for part in _PART.findall(spelt)})


def _one_issuer(one: Ente, other: Ente) -> bool:
    """Whether both may be of one issuer: what is general or not known may be anybody's."""
    if one == other or Esfera.GERAL in (one.esfera, other.esfera):
        return True
    return one.esfera is other.esfera and (one.ibge is None or other.ibge is None) and one.esfera is Esfera.MUNICIPAL


def _one_place(one: str, other: str) -> bool:
    """Whether organs and places named by both titles are the same but for spelling; naming one or none is no difference
    unless it is an acronym's."""
    ours, theirs = _names(one), _names(other)
    if ours and theirs and not _same_words(ours, theirs):
        return False
    acronyms, others = _acronyms(one), _acronyms(other)
    return not (acronyms and others) or acronyms == others


def _names(title: str) -> list[str]:
    return [word for found in _ORGAN.findall(_plain(title)) for word in found.split() if word not in _SMALL]


def _same_words(ours: list[str], theirs: list[str]) -> bool:
    return all(_spelt_in(word, theirs) for word in ours) and all(_spelt_in(word, ours) for word in theirs)


def _spelt_in(word: str, words: list[str]) -> bool:
    return any(difflib.SequenceMatcher(None, word, known).ratio() >= _SPELLING for known in words)


def _acronyms(title: str) -> frozenset[str]:
    """Acronyms of a title that is not all in capitals."""
    if title.upper() == title:
        return frozenset()
    return frozenset(found for found in _ACRONYM.findall(title) if not _ROMAN.fullmatch(found.lower())) - {
        "LC",
        "DL",
        "MP",
    }


def _with_whole_years(spelt: str) -> str:
    return _SHORT_YEAR.sub(lambda year: f"/{'19' if int(year[1]) > _CENTURY_BREAK else '20'}{year[1]}", spelt)


def _plain(text: str) -> str:
    """Without accents, case folded, ordinal signs as letters (as the database's ``norm``)."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
