"""Ports of what is around the program: time, processes, municipalities."""

from datetime import datetime
from typing import Protocol

from balcao.domain.ente import Municipio


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The current instant, with its time zone."""
        ...


class Processes(Protocol):
    """Tells processes apart, so that work which a dead one left is taken up at once."""

    def me(self) -> str:
        """A name for this process, which none other ever had."""
        ...

    def is_gone(self, name: str) -> bool:
        """Whether the process of this name is known to be over; False also when it is of another machine."""
        ...


class MunicipalityDirectory(Protocol):
    """Names of municipalities (IBGE's territorial division, and the installation's own prefeituras)."""

    def find(self, nome: str, uf: str | None = None) -> list[Municipio]:
        """Municipalities of this name, whatever case and accents; of one state where given."""
        ...

    def by_ibge(self, ibge: str) -> Municipio | None:
        """The municipality with this code."""
        ...

    def begins_a_name(self, word: str) -> bool:
        """Whether some name begins with this word, whatever case and accents."""
        ...
