"""Ports of consumption: quotas, reservations, the ledger, reports and alerts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from balcao.domain.alerts import AlertDelivery, Channel, QuotaAlert
from balcao.domain.consumption import Charge, LedgerEntry, Reservation, ReservationState
from balcao.domain.consumption_report import Consumed, ConsumptionRow, DayRange, Difference, Grouping
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.quota import Credit, QuotaBalance


class QuotaRepository(Protocol):
    """What prefeituras may spend in each period, and what they spent; each change is one statement."""

    async def balance(self, prefeitura_id: PrefeituraId, now: datetime) -> QuotaBalance:
        """The period of this instant, which begins here where nobody asked before.

        Raises:
            PrefeituraNotFound: the prefeitura is not visible to this unit of work.
        """
        ...

    async def settle(
        self,
        prefeitura_id: PrefeituraId,
        period_start: date,
        now: datetime,
        *,
        released: int,
        used: int,
        questions: int,
    ) -> QuotaBalance:
        """Turn what was held into what was used, which may be more; ``questions`` were answered by it.

        The prefeitura's count of all time grows with it. What is left after that, in the period of ``now``.
        """
        ...

    async def add_credit(self, credit: Credit) -> Credit:
        """Insert the credit."""
        ...

    async def credits_at(self, prefeitura_id: PrefeituraId, now: datetime) -> list[Credit]:
        """Credits that are valid at this instant or will be, the first to end first."""
        ...


class ReservationRepository(Protocol):
    """Tokens held for questions that are being answered."""

    async def open(self, reservation: Reservation, now: datetime) -> bool:
        """Hold the tokens of its period and insert the reservation; one with a checkpoint says that a provider is
        asked from then on.

        False, and nothing held, when the tokens pass the limit, the period is not that of ``now``, or the prefeitura is
        suspended. The limit is the prefeitura's quota with the credits that are valid ``now``.
        """
        ...

    async def narrow(self, reservation: Reservation, now: datetime, *, spare: int) -> bool:
        """Keep tokens and checkpoint of an open reservation, and that a provider is asked; give ``spare`` tokens back.

        False, and nothing kept, when it is not open any more.
        """
        ...

    async def close(self, reservation: Reservation, state: ReservationState, charged: int) -> int | None:
        """Close an open reservation in one UPDATE; the tokens that it held, None when it is not open any more."""
        ...

    async def charged_for(self, reservation: Reservation) -> int:
        """What was charged when it was closed, 0 if there is none; locks it until the transaction's end."""
        ...

    async def raise_charge(self, reservation: Reservation, charged: int) -> None:
        """Keep that a closed reservation was settled after all, and what is charged for it together."""
        ...

    async def take_expired(self, now: datetime) -> Reservation | None:
        """An open reservation past its time, locked; those that another transaction has locked are skipped."""
        ...


class LedgerRepository(Protocol):
    """Charges, written once and kept for ever."""

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Insert the entries in this order."""
        ...

    async def append_ingestion(self, charge: Charge, created_at: datetime) -> None:
        """Insert a charge of the installation itself (ingestion's unit of work only)."""
        ...


class AlertRepository(Protocol):
    """Alerts that a quota comes to its end, and their deliveries."""

    async def keep_new(self, new: Sequence[QuotaAlert]) -> list[QuotaAlert]:
        """Insert those whose threshold has no alert in its period yet; which they are."""
        ...

    async def queue(self, alert: QuotaAlert, channels: Sequence[Channel], now: datetime) -> None:
        """Have the alert delivered by each of these channels."""
        ...

    async def find_page(self, prefeitura_id: PrefeituraId, limit: int, after: AlertId | None) -> list[QuotaAlert]:
        """The prefeitura's alerts with deliveries, newest first, those behind this one; none when it is unknown."""
        ...

    async def lock_due(self, now: datetime) -> QuotaAlert | None:
        """An alert with the one delivery of it that is longest due, locked; those locked by others are skipped."""
        ...

    async def save_delivery(self, alert: QuotaAlert, delivery: AlertDelivery) -> None:
        """Keep what became of a delivery; one that arrived or was given up stays so."""
        ...


class ConsumptionReportRepository(Protocol):
    """Sums over the ledger."""

    async def rows(self, prefeitura_id: PrefeituraId, days: DayRange, grouping: Grouping) -> list[ConsumptionRow]:
        """What was spent on these days: by day in their order, by person or model with the largest first."""
        ...

    async def total(self, prefeitura_id: PrefeituraId, days: DayRange) -> Consumed:
        """What was spent on these days altogether."""
        ...

    async def differences(self, prefeitura_id: PrefeituraId | None, limit: int) -> list[Difference]:
        """Where messages, periods and prefeituras do not agree with the ledger at one instant, of one or of all."""
        ...
