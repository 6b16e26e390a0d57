"""The only writer of reservations, ledger and counters: nothing is asked of a provider that was not reserved."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

from balcao.application.alerts import QuotaAlerts
from balcao.application.ports import Clock
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import (
    Charge,
    Consumer,
    LedgerEntry,
    Reservation,
    ReservationState,
    beyond,
    total,
)
from balcao.domain.errors import ProviderError
from balcao.domain.ids import PrefeituraId, ReservationId
from balcao.domain.period import Period, day_in_brasilia
from balcao.domain.prices import Prices
from balcao.domain.quota import QuotaBalance

_TRIES = 3
"""How often a reservation is tried when others take the last tokens between reading what is left and reserving it."""


@dataclass(slots=True)
class Spending:
    """What a question cost so far: charges that are known, and the one that is under way, as far as it is estimated."""

    known: list[Charge] = field(default_factory=list)
    under_way: Charge | None = None

    def begin(self, charge: Charge) -> None:
        """A provider is being asked."""
        self.under_way = charge

    def finish(self, usage: TokenUsage) -> None:
        """The provider answered, and says what it cost."""
        if self.under_way is not None and usage.total_tokens:
            self.known.append(replace(self.under_way, usage=usage))
        self.under_way = None

    def fail(self, error: BaseException) -> None:
        """The call ended without an answer: what it cost is known, nothing, or as estimated where it was cut short."""
        if isinstance(error, ProviderError):
            if error.spent is not None:
                self.finish(error.spent)
            elif not error.was_cut_short:
                self.under_way = None

    def give_up(self, error: ProviderError) -> None:
        """The call failed and the question goes on without it: what it may have cost is due all the same."""
        self.fail(error)
        if self.under_way is not None:
            self.finish(self.under_way.usage)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Everything together."""
        return (*self.known, self.under_way) if self.under_way is not None else tuple(self.known)

    @property
    def tokens(self) -> int:
        """All of their tokens."""
        return total(self.charges).total_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A reservation that was closed: what is due for it, and the tokens that it gives back."""

    reservation: Reservation
    due: tuple[Charge, ...]
    released: int

    @property
    def usage(self) -> TokenUsage:
        """The tokens that are due."""
        return total(self.due)


class Metering:
    """Reserves before a provider is asked, and settles afterwards; each method in the caller's unit of work.

    ``life`` is longer than any call takes: a reservation that is older belongs to a dead process. The period that was
    last seen of a prefeitura is tried first: only what is left of it, when that is not enough, has to be read.
    """

    def __init__(self, prices: Prices, alerts: QuotaAlerts, clock: Clock, *, life: timedelta) -> None:
        self._prices = prices
        self._alerts = alerts
        self._clock = clock
        self._life = life
        self._periods: dict[PrefeituraId, Period] = {}

    async def balance(self, work: UnitOfWork, prefeitura_id: PrefeituraId) -> QuotaBalance:
        """What the prefeitura may spend now."""
        return await work.quotas.balance(prefeitura_id, self._clock.now())

    async def reserve(
        self, work: UnitOfWork, consumer: Consumer, *, least: int, most: int, first_call: Charge | None
    ) -> Reservation | None:
        """Hold ``most`` tokens, or what is left; None when not even ``least`` is, or the prefeitura is suspended.

        ``first_call`` is the call that follows at once, without another word to the database.
        """
        now = self._clock.now()
        known = self._periods.get(consumer.prefeitura_id)
        if known is not None:
            optimistic = self._reservation(consumer, known, most, first_call, now)
            if await work.reservations.open(optimistic, now):
                return optimistic
        for _ in range(_TRIES):
            balance = await work.quotas.balance(consumer.prefeitura_id, now)
            self._periods[consumer.prefeitura_id] = balance.period
            tokens = balance.affordable(least=least, most=most)
            if tokens is None:
                return None
            reservation = self._reservation(consumer, balance.period, tokens, first_call, now)
            if await work.reservations.open(reservation, now):
                return reservation
        return None

    def _reservation(
        self, consumer: Consumer, period: Period, tokens: int, first_call: Charge | None, now: datetime
    ) -> Reservation:
        return Reservation(
            id=ReservationId(uuid4()),
            consumer=consumer,
            period_start=period.start,
            tokens=tokens,
            expires_at=now + self._life,
            checkpoint=(first_call,) if first_call else (),
        )

    async def narrow(
        self, work: UnitOfWork, reservation: Reservation, checkpoint: tuple[Charge, ...], tokens: int
    ) -> bool:
        """Before the next call: give back all but ``tokens``; ``checkpoint`` is what a crash would have to be charged.

        False when the reservation ran out: nobody may be asked under it.
        """
        now = self._clock.now()
        kept = replace(
            reservation,
            tokens=min(tokens, reservation.tokens),
            checkpoint=checkpoint,
            expires_at=now + self._life,
        )
        return await work.reservations.narrow(kept, now, spare=reservation.tokens - kept.tokens)

    async def close(
        self, work: UnitOfWork, reservation: Reservation, charges: Sequence[Charge], *, expired: bool = False
    ) -> Closure:
        """Close the reservation: what is to be charged now, which ``settle`` then writes.

        A reservation that was closed before is charged what it costs beyond what was charged then, never twice.
        """
        tokens = total(charges).total_tokens
        state = ReservationState.SETTLED
        if expired:
            state = ReservationState.ESTIMATED if tokens else ReservationState.RETURNED
        held = await work.reservations.close(reservation, state, tokens)
        if held is not None:
            return Closure(reservation=reservation, due=tuple(charges), released=held)
        already = await work.reservations.charged_for(reservation)
        due = beyond(charges, already)
        if due:
            await work.reservations.raise_charge(reservation, tokens)
        return Closure(reservation=reservation, due=due, released=0)

    async def settle(
        self, work: UnitOfWork, closure: Closure, consumer: Consumer, *, questions: int = 0
    ) -> QuotaBalance:
        """Write what is due into the ledger and the counters; the balance after it.

        ``consumer`` is the reservation's, with the message that bears the tokens.
        """
        now = self._clock.now()
        reservation, prefeitura_id = closure.reservation, consumer.prefeitura_id
        used = closure.usage.total_tokens
        await work.ledger.append([self._entry(charge, closure, consumer, now) for charge in closure.due])
        balance = await work.quotas.settle(
            prefeitura_id, reservation.period_start, now, released=closure.released, used=used, questions=questions
        )
        if used and balance.period.start == reservation.period_start:
            await self._alerts.note(work, balance, now)
        return balance

    async def settle_unanswered(
        self, work: UnitOfWork, reservation: Reservation, charges: Sequence[Charge], *, expired: bool = False
    ) -> None:
        """Close and settle where no answer bears the tokens: the question does, if there is one."""
        closure = await self.close(work, reservation, charges, expired=expired)
        message_id = reservation.consumer.message_id
        if message_id and closure.due:
            await work.messages.add_tokens(message_id, closure.usage)
        await self.settle(work, closure, reservation.consumer)

    def _entry(self, charge: Charge, closure: Closure, consumer: Consumer, now: datetime) -> LedgerEntry:
        cost = self._prices.cost(charge.model, charge.usage, day_in_brasilia(now))
        return LedgerEntry(
            consumer=consumer,
            period_start=closure.reservation.period_start,
            charge=replace(charge, cost=cost),
            reservation_id=closure.reservation.id,
            created_at=now,
        )
