"""Identifiers of acts and articles as terms of the search, the same for documents and for questions.

``ato:lei:12527`` and ``ato:lei:12527:2011`` are an act, ``art:5`` an article, ``art:5:par:2`` and ``art:5:inc:3`` a
paragraph and an inciso of it. Passages hold those of the articles that they are, not of those that they mention.
Articles, paragraphs and incisos are numbered as Complementary Law 95/1998, art. 10, has them.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from balcao.domain.acts import Act, ActKind, acts_named_in
from balcao.domain.legal_structure import UnitKind, classify_line
from balcao.domain.portuguese import fold

_ARTICLE = r"(\d{1,3}(?:\.\d{3})|\d{1,4})\s?[ºª°o]?(?:\s?-\s?([a-z]{1,2})(?![a-z]))?"
_ASKED_ARTICLES = re.compile(
    rf"(?<!\w)(?:arts?\.?|artigos?)\s*{_ARTICLE}((?:\s*(?:,|e|a|ou)\s*\d{{1,4}}[ºª°o]?(?!\w))*)"
)
_ASKED_PARAGRAPHS = re.compile(r"(?:§+|(?<!\w)paragrafos?)\s*(\d{1,3}|unico)")
_ASKED_INCISOS = re.compile(r"(?<!\w)(?:incisos?|inc\.)\s*([ivxlc]{1,8}|\d{1,3})(?!\w)")
_PATH_ARTICLES = re.compile(r"(?:^|> )Arts?\. (\d+)º?(-[A-Z]+)?(?: (?:e|a) (\d+)º?(-[A-Z]+)?)?(?: >|$)")
_OPENED_PARAGRAPH = re.compile(r"\W*(?:§+\s*(\d{1,3})|(par[áa]grafo [úu]nico))", re.IGNORECASE)
_OPENED_INCISO = re.compile(r"\W*([IVXLC]{1,8})\b")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_LONGEST_RANGE = 60  # articles of one passage
_MOST_ASKED = 8  # articles, paragraphs or incisos that one question may name

_NICKNAMES = {
    r"c\.?f\.?(?:\s*/\s*(?:19)?88)?|constituicao (?:federal|da republica|de 1988)": Act(kind=ActKind.CONSTITUICAO),
    r"(?:a|n[ao]|da|pela|segundo a) constituicao(?! d[aeo]s?\b| estadual)": Act(kind=ActKind.CONSTITUICAO),
    r"lei organica": Act(kind=ActKind.LEI_ORGANICA),
    r"ctn|codigo tributario nacional": Act(kind=ActKind.LEI, number="5172", year=1966),
    r"lai|lei de acesso a informacao": Act(kind=ActKind.LEI, number="12527", year=2011),
    r"lgpd|lei geral de protecao de dados(?: pessoais)?": Act(kind=ActKind.LEI, number="13709", year=2018),
    r"lrf|lei de responsabilidade fiscal": Act(kind=ActKind.LEI_COMPLEMENTAR, number="101", year=2000),
    r"eca|estatuto da crianca e do adolescente": Act(kind=ActKind.LEI, number="8069", year=1990),
    r"clt|consolidacao das leis do trabalho": Act(kind=ActKind.DECRETO_LEI, number="5452", year=1943),
    r"cdc|codigo de defesa do consumidor": Act(kind=ActKind.LEI, number="8078", year=1990),
    r"ctb|codigo de transito brasileiro": Act(kind=ActKind.LEI, number="9503", year=1997),
    r"codigo civil": Act(kind=ActKind.LEI, number="10406", year=2002),
    r"estatuto da cidade": Act(kind=ActKind.LEI, number="10257", year=2001),
    r"estatuto d[ao] (?:pessoa )?idos[ao]": Act(kind=ActKind.LEI, number="10741", year=2003),
    r"lei maria da penha": Act(kind=ActKind.LEI, number="11340", year=2006),
    r"lei do estagio": Act(kind=ActKind.LEI, number="11788", year=2008),
}
"""Names that federal acts go by, as the acts' own headings and the Planalto's collection of laws give them."""
_NAMED = [(re.compile(rf"(?<!\w)(?:{name})(?!\w)"), act) for name, act in _NICKNAMES.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalReferences:
    """What a question names: acts, by number or by the name they go by, and places in them as terms (``art:5``)."""

    acts: tuple[Act, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Every identifier."""
        return tuple(dict.fromkeys((*(term for act in self.acts for term in act_terms(act)), *self.places)))


def references_in(question: str) -> LegalReferences:
    """The acts and articles that a question names; paragraphs and incisos only where it names one article."""
    folded = fold(question)
    named = [act for pattern, act in _NAMED if pattern.search(folded)]
    articles = list(dict.fromkeys(_asked_articles(folded)))[:_MOST_ASKED]
    places = [f"art:{article}" for article in articles]
    if len(articles) == 1:
        paragraphs = _ASKED_PARAGRAPHS.findall(folded)[:_MOST_ASKED]
        incisos = _ASKED_INCISOS.findall(folded)[:_MOST_ASKED]
        places += [f"{places[0]}:par:{number}" for number in paragraphs]
        places += [f"{places[0]}:inc:{number if number.isdigit() else _roman(number)}" for number in incisos]
    return LegalReferences(
        acts=tuple(dict.fromkeys((*acts_named_in(question), *named)))[:_MOST_ASKED], places=tuple(dict.fromkeys(places))
    )


def act_terms(act: Act) -> tuple[str, ...]:
    """The identifiers of an act: with its year where that is known, and without it."""
    plain = f"ato:{act.kind}:{act.number}" if act.number else f"ato:{act.kind}"
    return (plain, f"{plain}:{act.year}") if act.number and act.year else (plain,)


def passage_terms(text: str, path: str | None, own: Act | None) -> Counter[str]:
    """The identifiers of a passage, with how often each occurs: the acts that it names, its own, the articles it is.

    ``path`` is the passage's place in the document ("Título II > Arts. 5º a 7º"), ``own`` the act that the document is.
    """
    found = Counter(term for act in acts_named_in(text) for term in act_terms(act))
    found.update(act_terms(own) if own else ())
    found.update(_places(text, path or ""))
    return found


def _places(text: str, path: str) -> Iterator[str]:
    """Where the path names the articles, lines that open others are quotations of another act."""
    named = list(_path_articles(path))
    yield from (f"art:{article}" for article in named)
    article = named[0] if named else ""
    for line in text.split("\n"):
        mark = classify_line(line)
        if mark.kind is UnitKind.ARTICLE and not mark.quoted:
            opened = fold(mark.label.removeprefix("Art. ").replace("º", ""))
            if not named:
                yield f"art:{opened}"
            article = opened if not named or opened in named else ""
        elif article and mark.kind is UnitKind.PARAGRAPH and (match := _OPENED_PARAGRAPH.match(line)):
            yield f"art:{article}:par:{match[1] or 'unico'}"
        elif article and mark.kind is UnitKind.INCISO and (match := _OPENED_INCISO.match(line)):
            yield f"art:{article}:inc:{_roman(match[1].lower())}"


def _path_articles(path: str) -> Iterator[str]:
    match = _PATH_ARTICLES.search(path)
    if match is None:
        return
    yield match[1] + (match[2] or "").lower()
    if match[3]:
        first, last = int(match[1]), int(match[3])
        yield from (str(number) for number in range(first + 1, min(last, first + _LONGEST_RANGE)))
        yield match[3] + (match[4] or "").lower()


def _asked_articles(folded: str) -> Iterator[str]:
    for match in _ASKED_ARTICLES.finditer(folded):
        letter = f"-{match[2]}" if match[2] else ""
        yield str(int(match[1].replace(".", ""))) + letter
        yield from (str(int(number)) for number in re.findall(r"\d{1,4}", match[3]))


def _roman(numeral: str) -> int:
    values = [_ROMAN[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
