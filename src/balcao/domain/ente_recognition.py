"""Recognises whose act a document is, from its title and text (design rule "Whose law").

Quoting the wrong city's law is the worst that Balcão can do. The issuer is therefore read from what only an issuer
writes (the act's designation, the enacting formula, the letterhead), never from a mere mention, and a municipal act
whose municipality is not certain is left without one: nobody's question is answered from it.
"""

import re
import unicodedata

from balcao.domain.ente import UFS, Ente, Esfera
from balcao.domain.errors import InvalidEnte
from balcao.domain.issuing_municipality import Span, issuing_municipality, municipal_mentions
from balcao.domain.municipality_mentions import Mentions, mentioned_municipalities
from balcao.domain.place_names import STATES, NameDirectory, named_states
from balcao.domain.portuguese import fold

__all__ = ["Mentions", "describe_ente", "issuer_of", "mentioned_municipalities", "parse_ente", "recognise_ente"]

_HEAD = 5_000
_MOST_READ = 500_000
_LETTERHEAD = 800
_REST_OF_A_NAME = 60
_FEWEST_MENTIONS = 3
_FEWEST_STATE_BODIES = 2

_ACT_TITLE = re.compile(
    r"\b(?:leis?|lei complementar|decretos?|portarias?|resolucao|instrucao normativa|edital|despachos?|ato|emenda)\b"
    r".{0,24}\d|\b(?:codigo|estatuto|regimento|plano diretor)\b"
)
_SPEAKS = r"(?:faco saber|faz saber|fazemos saber|no uso|usando d|no exercicio|adota|decreta|resolve|promulga|sanciona)"
_ACT = r"(?:lei|lei ordinaria|lei complementar|decreto|decreto-lei|portaria|resolucao)"

_DESIGNATIONS = (
    (Esfera.ESTADUAL, re.compile(r"constituicao (?:do estado|estadual)|lei organica do distrito federal")),
    (Esfera.ESTADUAL, re.compile(rf"diario oficial d[oe] (?:estado|distrito federal)|{_ACT} (?:estadual|distrital)\b")),
    (Esfera.FEDERAL, re.compile(r"constituicao (?:da republica federativa|federal)|diario oficial da uniao")),
    (Esfera.FEDERAL, re.compile(rf"{_ACT} federal\b|codigo tributario nacional")),
    (Esfera.MUNICIPAL, re.compile(r"lei organica (?:do municipio|municipal|da cidade)")),
    (
        Esfera.MUNICIPAL,
        re.compile(r"(?:diario|jornal|boletim) oficial\b.{0,30}\b(?:municipi|prefeitura|camara municipal)"),
    ),
    (Esfera.MUNICIPAL, re.compile(rf"{_ACT} municipal\b|prefeitura |camara (?:municipal|de vereadores)|municipio d")),
)
"""What an act or a gazette calls itself; each matches the beginning of a folded title."""

_FORMULAS = (
    (Esfera.FEDERAL, re.compile(rf"\b[oa] president[ea] da republica\b.{{0,120}}?\b{_SPEAKS}")),
    (Esfera.FEDERAL, re.compile(r"\bcongresso nacional (?:decreta|decretou|promulga|aprovou)")),
    (Esfera.FEDERAL, re.compile(r"\bassembleia nacional constituinte\b|\bmesas da camara dos deputados e do senado")),
    (Esfera.FEDERAL, re.compile(rf"\b[oa] ministr[oa] de estado\b.{{0,160}}?\b{_SPEAKS}")),
    (Esfera.ESTADUAL, re.compile(rf"\b[oa] governador[a]?\b.{{0,160}}?\b{_SPEAKS}")),
    (Esfera.ESTADUAL, re.compile(r"\bassembleia legislativa\b.{0,60}?\b(?:decreta|decretou|aprovou|promulga)")),
    (Esfera.ESTADUAL, re.compile(r"\bcamara legislativa do distrito federal (?:decreta|decretou|aprovou|promulga)")),
    (Esfera.ESTADUAL, re.compile(rf"\b[oa] secretari[oa] de estado\b.{{0,160}}?\b{_SPEAKS}")),
    (
        Esfera.MUNICIPAL,
        re.compile(rf"\bprefeit[oa] (?:municipal|do municipio|da cidade|d[eoa]s?)\b.{{0,200}}?\b{_SPEAKS}"),
    ),
    (Esfera.MUNICIPAL, re.compile(rf"\b[oa] prefeit[oa]\b.{{0,120}}?\b{_SPEAKS}")),
    (
        Esfera.MUNICIPAL,
        re.compile(
            r"\bcamara (?:municipal|de vereadores)\b.{0,80}?\b(?:decreta|decretou|aprov|promulg|estatui|resolve)"
        ),
    ),
)
"""How an authority speaks when it enacts; the one that comes first in a text is its issuer."""

_LETTERHEADS = (
    (Esfera.FEDERAL, re.compile(r"\bpresidencia da republica\b|\bministerio d[aoe]s? \w|\bgoverno federal\b")),
    (Esfera.FEDERAL, re.compile(r"\b(?:controladoria-geral|advocacia-geral|tribunal de contas) da uniao\b")),
    (Esfera.FEDERAL, re.compile(r"\bsenado federal\b|\bcamara dos deputados\b|\bcongresso nacional\b")),
    (Esfera.ESTADUAL, re.compile(r"\bgoverno do (?:estado|distrito federal)\b|\bassembleia legislativa\b")),
    (Esfera.ESTADUAL, re.compile(r"\b(?:tribunal de contas|ministerio publico|tribunal de justica) do estado\b")),
    (Esfera.MUNICIPAL, re.compile(r"\bprefeitura (?:municipal|do municipio|da cidade|d[eoa]s?)\b")),
    (
        Esfera.MUNICIPAL,
        re.compile(r"\bcamara (?:municipal|de vereadores)\b|\bestado d[eoa] [\w ]{4,20}? municipio d[eoa]"),
    ),
)
_STATE_BODY = re.compile(r"\bsecretaria de estado\b|\bgoverno do (?:estado|distrito federal)\b|\bdo distrito federal\b")
_OTHER_AUTHORITY = re.compile(r"\bgovernador[a]?\b|\bassembleia legislativa\b|\bcongresso nacional\b")
_MUNICIPAL_BODY = re.compile(
    r"\b(?:secretari[ao]|conselho|fundo|prefeitura|prefeit[oa]|camara|lei|decreto"
    r"|codigo tributario|servidor\w* public\w*) municipa\w+"
    r"|\bdiario oficial do municipio\b|\bneste municipio\b"
)
_LIST_OF_ENTES = re.compile(
    r"\b(?:aos |dos |nos |os )?estados,? (?:ao |do |no |o |e ao |e do |e no |e o )?distrito federal\b"
)


def recognise_ente(title: str, text: str, directory: NameDirectory) -> Ente:
    """Whose act a document is; ``Ente.geral()`` when nothing says that it is anyone's.

    Evidence counts in this order: the designation in the title, the enacting formula that comes first in the title
    and the first 5,000 characters, the first letterhead, and the bodies and places named throughout the text. Names
    shared by several municipalities are told apart by the states named beside them; in doubt the municipality, or the
    state, stays unknown and the act is a municipal one without a code: nobody's.
    """
    flat_title = _flat(title)
    whole = f"{flat_title}. {_flat(text[:_MOST_READ])}"
    head_end = len(flat_title) + _HEAD
    esfera, evidence = _issuer(flat_title, whole[:head_end])
    if esfera is Esfera.FEDERAL:
        return Ente.federal()
    if esfera is Esfera.ESTADUAL:
        return _state(whole, head_end, evidence)
    if esfera is Esfera.MUNICIPAL:
        return issuing_municipality(whole, head_end, evidence, directory)
    return _without_issuer(flat_title, whole, head_end, directory)


def _flat(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _fold_in_place(text: str) -> str:
    """Folded with every character where it was."""
    return "".join(fold(char)[:1] or " " for char in text)


def _issuer(title: str, head: str) -> tuple[Esfera | None, Span]:
    """The sphere of whoever issues a text, and where the words that say so stand in its head."""
    folded = _fold_in_place(head)
    for esfera, pattern in _DESIGNATIONS:
        if pattern.match(folded):
            return esfera, (0, len(title))
    for cues, end in ((_FORMULAS, len(folded)), (_LETTERHEADS, len(title) + _LETTERHEAD)):
        found = [(match.span(), esfera) for esfera, cue in cues if (match := cue.search(folded, 0, end))]
        if found:
            span, esfera = min(found)
            return esfera, span
    if folded.startswith("medida provisoria n"):
        return Esfera.FEDERAL, (0, len(title))
    return None, (0, 0)


def _state(whole: str, head_end: int, evidence: Span) -> Ente:
    """The state that issues a state's act: the first that the evidence names, else the one named most."""
    start, end = evidence
    if beside := _states_named(whole[start : end + _REST_OF_A_NAME]):
        return Ente.estado(beside[0])
    for part in (whole[:head_end], whole):
        if votes := _states_named(part):
            return Ente.estado(max(dict.fromkeys(votes), key=votes.count))
    return Ente.municipio(None, None)


def _states_named(text: str) -> list[str]:
    return named_states(_LIST_OF_ENTES.sub("", fold(text)), federal_district=True)


def _without_issuer(title: str, whole: str, head_end: int, directory: NameDirectory) -> Ente:
    """What the bodies and places that a text names say of it, when nothing in it speaks as an issuer."""
    bodies = _STATE_BODY.findall(_LIST_OF_ENTES.sub("", fold(whole)))
    if "secretaria de estado" in bodies and len(bodies) >= _FEWEST_STATE_BODIES:
        return _state(whole, head_end, (0, 0))
    folded_head = fold(whole[:head_end])
    is_act = _ACT_TITLE.search(fold(title)) is not None
    mentions = municipal_mentions(whole, directory)
    early = [name for name in mentions if name.start < head_end]
    if early if is_act else len(mentions) >= _FEWEST_MENTIONS:
        if _OTHER_AUTHORITY.search(folded_head):
            return Ente.municipio(None, None)
        return issuing_municipality(whole, head_end, (0, 0), directory)
    if is_act and _MUNICIPAL_BODY.search(folded_head):
        return Ente.municipio(None, None)
    return Ente.geral()


def parse_ente(value: str, directory: NameDirectory) -> Ente:
    """The ente that a person wrote: "federal", "geral", a state's code ("SP") or an IBGE code ("4106902").

    Raises:
        InvalidEnte: it is none of these, or no municipality has this code.
    """
    written = value.strip()
    if written.casefold() == Esfera.FEDERAL:
        return Ente.federal()
    if written.casefold() == Esfera.GERAL:
        return Ente.geral()
    if written.upper() in UFS:
        return Ente.estado(written.upper())
    place = directory.by_ibge(written)
    if place is None:
        raise InvalidEnte
    return Ente.municipio(place.ibge, place.uf)


def describe_ente(ente: Ente, directory: NameDirectory) -> str:
    """The ente in words: "União", "Estado do Paraná", "Município de Curitiba/PR", "geral"."""
    if ente.esfera is Esfera.FEDERAL:
        return "União"
    if ente.esfera is Esfera.GERAL:
        return "geral"
    if ente.esfera is Esfera.ESTADUAL and ente.uf is not None:
        return "Distrito Federal" if ente.uf == "DF" else f"Estado {STATES[ente.uf]}"
    place = directory.by_ibge(ente.ibge) if ente.ibge else None
    if place is not None:
        return f"Município de {place.nome}/{place.uf}"
    return f"Município de código IBGE {ente.ibge}" if ente.ibge else "município não identificado"


def issuer_of(ente: Ente, directory: NameDirectory) -> str:
    """The ente as the issuer of an act, in words; empty for a document that is no one's act."""
    return "" if ente.esfera is Esfera.GERAL else describe_ente(ente, directory)
