"""Tells which municipality issues a municipal act, or that this is not certain."""

import re
from collections import Counter

from balcao.domain.ente import UFS, Ente, Municipio
from balcao.domain.place_names import NameDirectory, PlaceName, name_at, named_states, uf_after
from balcao.domain.portuguese import words

_MOST_READ = 300_000
_HEAD_WEIGHT = 3
_CLEAR_LEAD = 2
_DOMAIN_WEIGHT = 4
_ENDS_WITH_NAME = 12

_INTRODUCES = re.compile(
    r"\b(?:munic[ií]pio|prefeitura(?: municipal| do munic[ií]pio| da cidade)?"
    r"|prefeit[oa](?: municipal| do munic[ií]pio| da cidade)?|c[âa]mara (?:municipal|de vereadores)(?: da cidade)?"
    r"|(?:di[áa]rio|jornal|boletim) oficial(?: eletr[ôo]nico)?|lei org[âa]nica(?: municipal)?) d[eoa]s? (?=\w)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s(?:d[eoa]s?|D[EOA]S?)\s(?!Estado|ESTADO|estado)[A-ZÀ-Ý]")
_DOMAIN = re.compile(r"\b([a-z0-9-]{3,40})\.([a-z]{2})\.(?:gov|leg)\.br\b", re.IGNORECASE)
_OF_A_STATE_BODY = frozenset(["saude", "educacao", "fazenda", "seguranca"])


Span = tuple[int, int]
"""Where a stretch of a text begins, and where it ends."""


def municipal_mentions(text: str, directory: NameDirectory) -> list[PlaceName]:
    """The names that a text (white space flattened) introduces as municipalities, in order.

    A name in small letters is a word ("município de registro") unless the whole text is in small letters, and one
    that goes on beyond what the directory knows ("Santa Bárbara do Lugar Novo") is another, unknown place. Only the
    first 300,000 characters are read.
    """
    lower = text == text.lower()
    found: list[PlaceName] = []
    for match in _INTRODUCES.finditer(text, 0, _MOST_READ):
        name = name_at(text, match.end(), directory)
        if name is None or (not lower and text[name.start].islower()):
            continue
        if uf_after(text, name.end) or not _GOES_ON.match(text, name.end):
            found.append(name)
    return found


def issuing_municipality(text: str, head_end: int, evidence: Span, directory: NameDirectory) -> Ente:
    """The municipality that issues a municipal act.

    It is the one that the ``evidence`` names (the designation, formula or letterhead that shows who issues the act),
    else the one named at least twice as much as any other, what stands before ``head_end`` counting threefold, else
    the one whose official address the text gives.
    """
    mentions = municipal_mentions(text, directory)
    start, end = evidence
    decisive = {_key(text, name): name for name in mentions if start <= name.start < end + _ENDS_WITH_NAME}
    named = decisive if len(decisive) == 1 else _most_named(text, head_end, mentions)
    if not mentions:
        named = _named_by_domain(text, directory)
    if len(named) != 1:
        return Ente.municipio(None, None)
    (key, name), *_ = named.items()
    beside = Counter(uf for mention in mentions if _key(text, mention) == key and (uf := uf_after(text, mention.end)))
    place = _only_bearer(name, beside, _states_around(key, text, head_end))
    return Ente.municipio(place.ibge, place.uf) if place else Ente.municipio(None, None)


def _key(text: str, name: PlaceName) -> str:
    return " ".join(words(text[name.start : name.end]))


def _most_named(text: str, head_end: int, mentions: list[PlaceName]) -> dict[str, PlaceName]:
    """The one name that leads clearly, by its key; empty when there is none."""
    score: Counter[str] = Counter()
    names: dict[str, PlaceName] = {}
    for name in mentions:
        key = _key(text, name)
        score[key] += _HEAD_WEIGHT if name.start < head_end else 1
        names[key] = name
    ranking = score.most_common(2)
    if not ranking or (len(ranking) > 1 and ranking[0][1] < _CLEAR_LEAD * ranking[1][1]):
        return {}
    return {ranking[0][0]: names[ranking[0][0]]}


def _domains(text: str) -> list[tuple[str, str]]:
    """Labels and states of the official addresses in a text: ("novatrento", "SC") of novatrento.sc.gov.br."""
    found = ((label.lower(), uf.upper()) for label, uf in _DOMAIN.findall(text, 0, _MOST_READ))
    return [(label, uf) for label, uf in found if uf in UFS and label not in _OF_A_STATE_BODY]


def _named_by_domain(text: str, directory: NameDirectory) -> dict[str, PlaceName]:
    """The one municipality whose official address a text gives, where its name is a single word."""
    places = {place.ibge: place for label, uf in _domains(text) for place in directory.find(label, uf)}
    return {
        " ".join(words(place.nome)): PlaceName(start=0, end=0, places=(place,))
        for place in places.values()
        if len(places) == 1
    }


def _states_around(key: str, text: str, head_end: int) -> Counter[str]:
    """How much a text speaks of each state, its official addresses first of all."""
    votes: Counter[str] = Counter(named_states(text[:head_end]))
    for label, uf in _domains(text):
        votes[uf] += _DOMAIN_WEIGHT if label.replace("-", "") == key.replace(" ", "") else 1
    return votes


def _only_bearer(name: PlaceName, beside: Counter[str], around: Counter[str]) -> Municipio | None:
    """The bearer of a name, by the states beside it, then around it; None if several remain or these contradict it."""
    bearers = {place.uf: place for place in name.places}
    if beside and not bearers.keys() & beside.keys():
        return None
    if len(name.places) == 1:
        return name.places[0]
    if len(bearers) < len(name.places):
        return None
    for votes in (beside, around):
        ranking = Counter({uf: votes[uf] for uf in bearers if votes[uf]}).most_common(2)
        if ranking:
            clear = len(ranking) == 1 or ranking[0][1] > ranking[1][1]
            return bearers[ranking[0][0]] if clear else None
    return None
