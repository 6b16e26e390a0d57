"""The directory of Brazilian municipalities: IBGE's territorial division plus the installation's own prefeituras."""

from collections.abc import Iterable
from functools import cached_property
from importlib import resources
from sys import intern

from balcao.domain.ente import Municipio
from balcao.domain.portuguese import fold, words

_DATA = "municipios.csv"
_ELISION = "d"
_ELIDED_FROM = ("de", "do", "da")


class IbgeMunicipalityDirectory:
    """Municipalities by name and by code (port ``MunicipalityDirectory``).

    The table is IBGE's Divisão Territorial Brasileira: 5,570 entries of 2022 (Brasília and Fernando de Noronha among
    them) and Boa Esperança do Norte/MT, installed in 2025. It is read on first use. ``extra`` adds
    municipalities whose code the table does not have.
    """

    def __init__(self, extra: Iterable[Municipio] = ()) -> None:
        self._extra = tuple(extra)

    def find(self, nome: str, uf: str | None = None) -> list[Municipio]:
        """Municipalities of this name, by code, whatever case, accents, hyphens and apostrophes; of one state if given.

        "d'Oeste" is also found as "do Oeste".
        """
        found = (self._by_ibge[code] for code in self._codes_by_name.get(" ".join(words(nome)), ()))
        return [place for place in found if uf is None or place.uf == uf.upper()]

    def by_ibge(self, ibge: str) -> Municipio | None:
        """The municipality with this seven-digit code."""
        return self._by_ibge.get(ibge)

    def begins_a_name(self, word: str) -> bool:
        """Whether some name begins with this word, whatever case and accents."""
        return fold(word) in self._first_words

    @cached_property
    def _by_ibge(self) -> dict[str, Municipio]:
        places = [*self._extra, *_read_table()]
        return {place.ibge: place for place in sorted(places, key=lambda place: place.ibge)}

    @cached_property
    def _codes_by_name(self) -> dict[str, tuple[str, ...]]:
        codes: dict[str, tuple[str, ...]] = {}
        for place in self._by_ibge.values():
            for key in _keys(place.nome):
                codes[key] = (*codes.get(key, ()), place.ibge)
        return codes

    @cached_property
    def _first_words(self) -> frozenset[str]:
        return frozenset(name.partition(" ")[0] for name in self._codes_by_name)


def _keys(nome: str) -> list[str]:
    """How a name is looked up; one with an elided "d'" also in full."""
    name_words = words(nome)
    spellings = [name_words]
    if _ELISION in name_words:
        spellings += [[full if word == _ELISION else word for word in name_words] for full in _ELIDED_FROM]
    return [" ".join(spelling) for spelling in spellings]


def _read_table() -> list[Municipio]:
    table = resources.files("balcao.infrastructure.data").joinpath(_DATA).read_text(encoding="utf-8")
    rows = (line.split(";") for line in table.splitlines()[1:])
    return [Municipio(ibge=ibge, uf=intern(uf), nome=nome) for ibge, uf, nome in rows]
