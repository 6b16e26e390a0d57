"""Names of states and municipalities as they stand in a Brazilian text."""

import re
from dataclasses import dataclass
from typing import Protocol

from balcao.domain.ente import UFS, Municipio
from balcao.domain.portuguese import fold

STATES = {
    "AC": "do Acre", "AL": "de Alagoas", "AM": "do Amazonas", "AP": "do Amapá", "BA": "da Bahia", "CE": "do Ceará",
    "DF": "do Distrito Federal", "ES": "do Espírito Santo", "GO": "de Goiás", "MA": "do Maranhão",
    "MG": "de Minas Gerais", "MS": "de Mato Grosso do Sul", "MT": "de Mato Grosso", "PA": "do Pará",
    "PB": "da Paraíba", "PE": "de Pernambuco", "PI": "do Piauí", "PR": "do Paraná", "RJ": "do Rio de Janeiro",
    "RN": "do Rio Grande do Norte", "RO": "de Rondônia", "RR": "de Roraima", "RS": "do Rio Grande do Sul",
    "SC": "de Santa Catarina", "SE": "de Sergipe", "SP": "de São Paulo", "TO": "do Tocantins",
}  # fmt: skip
"""Each state's name by its code, with the preposition that joins it to "Estado"."""

_UF_BY_NAME = {fold(name.split(" ", 1)[1]): uf for uf, name in STATES.items()}
_LONGEST_FIRST = sorted(_UF_BY_NAME, key=len, reverse=True)
_ANY_STATE = "|".join(_LONGEST_FIRST)
_ANY_STATE_BUT_PARA = "|".join(name for name in _LONGEST_FIRST if name != "para")
_STATE_AFTER = re.compile(rf"\W{{0,4}}(?:n?o? ?estado d[eoa] |n[oa] |d[oea] )(?P<joined>{_ANY_STATE})\b")
_BARE_STATE_AFTER = re.compile(rf"\s*[,(–—-]\s*(?P<bare>{_ANY_STATE_BUT_PARA})\b")
_NAMED_STATE = re.compile(rf"\bestado d[eoa] (?P<state>{_ANY_STATE})\b|\bdistrito federal\b")
_UF_AFTER = re.compile(r"\s*(?:/\s*(?P<slash>[A-Za-z]{2})|[-–—(,]\s*\(?(?P<dash>[A-Z]{2}|[a-z]{2}))\b")
_NOT_A_UF_IN_PROSE = frozenset({"se"})
_WORD = re.compile(r"[^\W_]+")
_INSIDE_A_NAME = re.compile(r"\s{1,3}|['’´`]\s?|-")
_CONNECTIVES = frozenset(["d", "de", "do", "da", "dos", "das", "e"])
_LONGEST_NAME_WORDS = 7


class NameDirectory(Protocol):
    """Names of municipalities; the shape of the application's port ``MunicipalityDirectory``."""

    def find(self, nome: str, uf: str | None = None) -> list[Municipio]:
        """Municipalities of this name, whatever case and accents; of one state where given."""
        ...

    def by_ibge(self, ibge: str) -> Municipio | None:
        """The municipality with this code."""
        ...

    def begins_a_name(self, word: str) -> bool:
        """Whether some name begins with this word, whatever case and accents."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceName:
    """A municipality's name in a text: where it stands and every municipality that bears it (never empty)."""

    start: int
    end: int
    places: tuple[Municipio, ...]


def name_at(text: str, start: int, directory: NameDirectory) -> PlaceName | None:
    """The longest municipality name that begins with the word at ``start``; None if there is none."""
    ends: list[int] = []
    for match in _WORD.finditer(text, start):
        if ends and not _INSIDE_A_NAME.fullmatch(text, ends[-1], match.start()):
            break
        if not ends and match.start() != start:
            break
        ends.append(match.end())
        if len(ends) == _LONGEST_NAME_WORDS:
            break
    for end in reversed(ends):
        last_word = _WORD.findall(text[start:end])[-1]
        if fold(last_word) in _CONNECTIVES:
            continue
        if places := directory.find(text[start:end]):
            return PlaceName(start=start, end=end, places=tuple(places))
    return None


def names_in(text: str, directory: NameDirectory) -> list[PlaceName]:
    """Every municipality name in a text, the longest at each place, none inside another."""
    found: list[PlaceName] = []
    covered = 0
    for match in _WORD.finditer(text):
        if match.start() < covered or not directory.begins_a_name(match[0]):
            continue
        if name := name_at(text, match.start(), directory):
            found.append(name)
            covered = name.end
    return found


def uf_after(text: str, end: int) -> str | None:
    """The state that a name ending at ``end`` is followed by: "/SP", "- SP", "(SP)", ", Estado de São Paulo"."""
    if match := _UF_AFTER.match(text, end):
        code = match["slash"] or match["dash"]
        if code.upper() in UFS and not (match["dash"] and code in _NOT_A_UF_IN_PROSE):
            return code.upper()
    following = fold(text[end : end + 60])
    if match := _STATE_AFTER.match(following):
        return _UF_BY_NAME[match["joined"]]
    if match := _BARE_STATE_AFTER.match(following):
        return _UF_BY_NAME[match["bare"]]
    return None


def named_states(text: str, *, federal_district: bool = False) -> list[str]:
    """The codes of the states that a text names ("Estado de São Paulo"), in order, once for every time.

    "Distrito Federal" counts where asked for: it stands in most lists of those whom a law binds.
    """
    found = (match["state"] or "distrito federal" for match in _NAMED_STATE.finditer(fold(text)))
    codes = (_UF_BY_NAME[name] for name in found)
    return [uf for uf in codes if federal_district or uf != "DF"]
