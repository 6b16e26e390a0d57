"""How many questions a day: by person, or by an anonymous client's cookie and address."""

from dataclasses import dataclass
from datetime import datetime

from balcao.application.unit_of_work import AutonomousReader, UnitOfWork
from balcao.domain.credentials import address_subject, digest
from balcao.domain.errors import DailyLimitReached
from balcao.domain.ids import UsuarioId
from balcao.domain.period import BRASILIA


def start_of_day(now: datetime) -> datetime:
    """The last midnight in Brasília."""
    return now.astimezone(BRASILIA).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as far as it is known: a person, or an anonymous client by its cookie and network address."""

    usuario_id: UsuarioId | None = None
    anonymous_cookie: str | None = None
    address: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is somebody to count by."""
        return any((self.usuario_id, self.anonymous_cookie, self.address))


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLimits:
    """``each`` questions for a person or a cookie, ``per_address`` for all anonymous clients of one address."""

    each: int
    per_address: int

    async def take(self, work: AutonomousReader | UnitOfWork, asker: Asker, now: datetime) -> None:
        """Count one question; what was counted is undone when the unit of work fails, and in a reader stays counted.

        Raises:
            DailyLimitReached: there was none left.
        """
        for scope, subject, limit in self._counters(asker):
            if not await work.counters.take(scope, subject, start_of_day(now), limit=limit):
                raise DailyLimitReached

    def _counters(self, asker: Asker) -> list[tuple[str, bytes, int]]:
        if asker.usuario_id:
            return [("pessoa-dia", digest(str(asker.usuario_id)), self.each)]
        counters = []
        if asker.anonymous_cookie:
            counters.append(("anonimo-cookie", digest(asker.anonymous_cookie), self.each))
        if asker.address:
            counters.append(("anonimo-endereco", address_subject(asker.address), self.per_address))
        return counters
