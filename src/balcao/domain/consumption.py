"""What is charged: tokens of a provider, reserved before the call and settled after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from balcao.domain.chat import TokenUsage
from balcao.domain.ids import MessageId, PrefeituraId, ReservationId, SessionId, UsuarioId

NOTHING = TokenUsage(prompt_tokens=0, completion_tokens=0)


class ChargeKind(StrEnum):
    """What a provider was asked for."""

    ANSWER = "resposta"
    EMBEDDING = "embedding"
    CONDENSING = "condensacao"
    RERANKING = "reordenacao"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Reais, by the provider's price of ``price_date`` at ``exchange_rate`` reais a dollar."""

    reais: Decimal
    price_date: date
    exchange_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Tokens of one call; ``cost`` is None where the model's price is not known."""

    kind: ChargeKind
    model: str
    usage: TokenUsage
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Whom tokens are spent for. A search has neither session nor message; a person or nobody asked."""

    prefeitura_id: PrefeituraId
    usuario_id: UsuarioId | None = None
    session_id: SessionId | None = None
    message_id: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One charge as the ledger keeps it for ever. ``period_start`` decides the period that it counts in."""

    consumer: Consumer
    period_start: date
    charge: Charge
    reservation_id: ReservationId
    created_at: datetime


class ReservationState(StrEnum):
    """What became of a reservation."""

    OPEN = "aberta"
    SETTLED = "liquidada"
    RETURNED = "devolvida"
    ESTIMATED = "estimada"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Tokens held for one question from before the first call of a provider until it is settled.

    ``checkpoint`` is what would have to be charged if the process died now: charges as far as they are known, and an
    estimate of what is under way. ``charged`` are the tokens charged when it was closed, 0 while it is open.
    """

    id: ReservationId
    consumer: Consumer
    period_start: date
    tokens: int
    expires_at: datetime
    state: ReservationState = ReservationState.OPEN
    checkpoint: tuple[Charge, ...] = ()
    charged: int = 0


def total(charges: Sequence[Charge]) -> TokenUsage:
    """Tokens of all these together."""
    return sum((charge.usage for charge in charges), NOTHING)


def beyond(charges: Sequence[Charge], already: int) -> tuple[Charge, ...]:
    """What is still to be charged of these when ``already`` tokens were: taken from the first charges first."""
    due = []
    for charge in charges:
        taken = min(already, charge.usage.total_tokens)
        already -= taken
        prompt = max(0, charge.usage.prompt_tokens - taken)
        completion = charge.usage.total_tokens - taken - prompt
        if prompt + completion:
            usage = replace(charge.usage, prompt_tokens=prompt, completion_tokens=completion)
            due.append(replace(charge, usage=usage))
    return tuple(due)
