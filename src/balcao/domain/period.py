"""Contract months: from the contract day of one month to that of the next, counted in Brasília."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

BRASILIA = ZoneInfo("America/Sao_Paulo")
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days from ``start`` until before ``end``, which is the next period's first day."""

    start: date
    end: date

    @property
    def starts_at(self) -> datetime:
        """The first instant that belongs to it."""
        return datetime.combine(self.start, time(), BRASILIA)

    @property
    def ends_at(self) -> datetime:
        """The first instant that belongs to it no more."""
        return datetime.combine(self.end, time(), BRASILIA)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def begun_at(self, day: date) -> "Period":
        """The same period, cut short at its beginning: the one before it went on until this day."""
        return Period(start=max(self.start, day), end=self.end)


def day_in_brasilia(instant: datetime) -> date:
    """The calendar day on which this instant falls in Brasília."""
    return instant.astimezone(BRASILIA).date()


def period_of(day: date, contract_day: int) -> Period:
    """The contract month that holds a day; a contract day that a month lacks is that month's last day."""
    month = day.year * _MONTHS + day.month - 1
    if day < _turn(month, contract_day):
        month -= 1
    return Period(start=_turn(month, contract_day), end=_turn(month + 1, contract_day))


def _turn(month: int, contract_day: int) -> date:
    """The first day of the period that begins in a month, which is counted from year 0."""
    year, number = month // _MONTHS, month % _MONTHS + 1
    return date(year, number, min(contract_day, monthrange(year, number)[1]))
