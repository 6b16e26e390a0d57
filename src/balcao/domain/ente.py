"""Whose law a document is (design rule "Whose law"), and whose law a question may be answered from."""

import re
from dataclasses import dataclass
from enum import StrEnum

from balcao.domain.errors import InvalidEnte

UFS = frozenset("AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO".split())


class Esfera(StrEnum):
    """The sphere of government that issued a document; ``GERAL`` is a document that is no one's law, or unknown."""

    FEDERAL = "federal"
    ESTADUAL = "estadual"
    MUNICIPAL = "municipal"
    GERAL = "geral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ente:
    """The issuer of a document.

    ``uf`` is the two-letter state code, ``ibge`` the seven-digit municipality code of IBGE's territorial division. A
    municipal act whose municipality could not be identified has neither: nobody's question is answered from it.

    Raises:
        InvalidEnte: sphere, state and municipality do not fit together.
    """

    esfera: Esfera
    uf: str | None = None
    ibge: str | None = None

    def __post_init__(self) -> None:
        state_ok = (self.uf is None) if self.esfera in (Esfera.FEDERAL, Esfera.GERAL) else (self.uf in {*UFS, None})
        if self.esfera is Esfera.ESTADUAL and self.uf is None:
            state_ok = False
        code_ok = self.ibge is None or (self.esfera is Esfera.MUNICIPAL and re.fullmatch(r"[0-9]{7}", self.ibge))
        if not (state_ok and code_ok):
            raise InvalidEnte

    @classmethod
    def federal(cls) -> "Ente":
        """The Union."""
        return cls(esfera=Esfera.FEDERAL)

    @classmethod
    def geral(cls) -> "Ente":
        """Nobody's law in particular, or unknown: manuals, forms, texts."""
        return cls(esfera=Esfera.GERAL)

    @classmethod
    def estado(cls, uf: str) -> "Ente":
        """A state, or the Federal District, by its two-letter code."""
        return cls(esfera=Esfera.ESTADUAL, uf=uf)

    @classmethod
    def municipio(cls, ibge: str | None, uf: str | None) -> "Ente":
        """A municipality by IBGE code; ``None`` for a municipal act whose municipality is not known."""
        return cls(esfera=Esfera.MUNICIPAL, uf=uf, ibge=ibge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipio:
    """A municipality: IBGE code (seven digits), state and official name."""

    ibge: str
    uf: str
    nome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchScope:
    """Whose documents a question may be answered from: federal and general ones always, plus these.

    A state's acts are searched for ``ufs``, a municipality's for ``ibges``.
    """

    ufs: frozenset[str] = frozenset()
    ibges: frozenset[str] = frozenset()
