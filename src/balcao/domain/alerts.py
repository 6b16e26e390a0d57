"""Alerts that a quota comes to its end: once for each threshold of a period, with the day on which it should end."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil

from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.period import Period, day_in_brasilia
from balcao.domain.quota import QuotaBalance

THRESHOLDS = (50, 80, 100)
"""Hundredths of the limit."""
ATTEMPTS = 12
"""How often a delivery is tried: for 32 hours, with the pauses of ``AlertDelivery.begun``."""

_PAUSE_UNIT = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=8)
_HUNDRED = 100


class Channel(StrEnum):
    """How an alert leaves the installation."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """What became of a delivery."""

    PENDING = "pendente"
    DELIVERED = "entregue"
    GIVEN_UP = "desistida"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDelivery:
    """An alert on its way by one channel. ``error`` says why the last attempt failed, without anything secret."""

    channel: Channel
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    next_at: datetime
    delivered_at: datetime | None = None
    error: str | None = None

    def begun(self, now: datetime) -> "AlertDelivery":
        """Being tried once more; tried again later unless the outcome is known by then.

        Pauses double from two minutes, longer than any attempt takes, up to eight hours. Given up after ATTEMPTS.
        """
        if self.attempts >= ATTEMPTS:
            return replace(self, state=DeliveryState.GIVEN_UP)
        attempts = self.attempts + 1
        pause = min(_PAUSE_UNIT * 2**attempts, _LONGEST_PAUSE)
        return replace(self, attempts=attempts, next_at=now + pause)

    def delivered(self, now: datetime) -> "AlertDelivery":
        """Arrived."""
        return replace(self, state=DeliveryState.DELIVERED, delivered_at=now, error=None)

    def failed(self, error: str) -> "AlertDelivery":
        """Not arrived, for this reason; given up after the last attempt."""
        state = DeliveryState.GIVEN_UP if self.attempts >= ATTEMPTS else DeliveryState.PENDING
        return replace(self, state=state, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaAlert:
    """``used`` reached ``threshold`` hundredths of ``limit``, both as they were then, in tokens.

    ``exhaustion`` is the day on which the limit would be used up at the period's pace; None when it would last.
    """

    id: AlertId
    prefeitura_id: PrefeituraId
    period: Period
    threshold: int
    used: int
    limit: int
    exhaustion: date | None
    created_at: datetime
    deliveries: tuple[AlertDelivery, ...] = ()

    def with_delivery(self, delivery: AlertDelivery) -> "QuotaAlert":
        """The alert with this one delivery."""
        return replace(self, deliveries=(delivery,))

    def in_words(self) -> str:
        """What people are told."""
        reached = f"A prefeitura chegou a {self.threshold}% da quota do período que vai até {self.period.end:%d/%m/%Y}."
        if self.threshold >= _HUNDRED:
            return f"{reached} Até lá, ou até um crédito, o assistente responde só com trechos dos documentos."
        if self.exhaustion is None:
            return f"{reached} No ritmo atual, ela dura até o fim do período."
        return f"{reached} No ritmo atual, ela acaba em {self.exhaustion:%d/%m/%Y}."


def reached_thresholds(balance: QuotaBalance) -> tuple[int, ...]:
    """The thresholds that what was used has come to, lowest first."""
    if not balance.used:
        return ()
    return tuple(mark for mark in THRESHOLDS if balance.used * _HUNDRED >= balance.limit * mark)


def forecast_exhaustion(balance: QuotaBalance, now: datetime) -> date | None:
    """The day in Brasília on which the limit is used up if the rest of the period goes as it went so far.

    A period's first day counts as a whole one, else its first question would forecast the end of everything. None when
    nothing was used, or when the limit lasts until the period ends.
    """
    if not balance.used:
        return None
    elapsed = max(now - balance.period.starts_at, timedelta(days=1))
    left = max(0, balance.limit - balance.used)
    seconds = ceil(elapsed.total_seconds() * left / balance.used)
    if seconds >= (balance.period.ends_at - now).total_seconds():
        return None
    return day_in_brasilia(now + timedelta(seconds=seconds))
