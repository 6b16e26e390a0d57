"""Reservations in PostgreSQL."""

import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Row,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer, Reservation, ReservationState
from balcao.domain.period import day_in_brasilia
from balcao.infrastructure.database.driver_statements import DriverStatement
from balcao.infrastructure.database.tables import prefeituras, reservations
from balcao.infrastructure.database.tables import quota_periods as periods
from balcao.infrastructure.repositories.quotas import valid_credits

_COLUMNS = (
    "id",
    "period_start",
    "usuario_id",
    "session_id",
    "message_id",
    "tokens",
    "sent_at",
    "checkpoint",
    "expires_at",
)


def _new(name: str) -> BindParameter[object]:
    return bindparam(f"new_{name}", type_=reservations.c[name].type)


def _opening() -> ReturningInsert[uuid.UUID]:
    """Holds the tokens, with a condition that PostgreSQL checks again on the period as it is when it is locked."""
    tokens, now = bindparam("new_tokens", type_=BigInteger), bindparam("now", type_=DateTime(timezone=True))
    day = bindparam("day", type_=Date)
    limit = prefeituras.c.quota_tokens + valid_credits(periods.c.prefeitura_id, now)
    held = (
        update(periods)
        .where(
            periods.c.prefeitura_id == bindparam("for_prefeitura", type_=periods.c.prefeitura_id.type),
            periods.c.start == _new("period_start"),
            periods.c.start <= day,
            periods.c.end > day,
            prefeituras.c.id == periods.c.prefeitura_id,
            prefeituras.c.ativo,
            periods.c.used + periods.c.reserved + tokens <= limit,
        )
        .values(reserved=periods.c.reserved + tokens, quota=prefeituras.c.quota_tokens)
        .returning(periods.c.prefeitura_id)
        .cte("retido")
    )
    opened = insert(reservations).from_select(
        ["prefeitura_id", *_COLUMNS],
        select(held.c.prefeitura_id, *(_new(name) for name in _COLUMNS)),
        include_defaults=False,
    )
    return opened.returning(reservations.c.id)


def _narrowing() -> ReturningUpdate[date]:
    """Writes over an open reservation, and gives its period back what it holds no longer."""
    kept = (
        update(reservations)
        .where(
            reservations.c.prefeitura_id == bindparam("for_prefeitura", type_=reservations.c.prefeitura_id.type),
            reservations.c.id == _new("id"),
            reservations.c.state == ReservationState.OPEN,
        )
        .values({name: _new(name) for name in ("tokens", "checkpoint", "sent_at", "expires_at")})
        .returning(reservations.c.prefeitura_id, reservations.c.period_start)
        .cte("mantida")
    )
    return (
        update(periods)
        .where(periods.c.prefeitura_id == kept.c.prefeitura_id, periods.c.start == kept.c.period_start)
        .values(reserved=periods.c.reserved - bindparam("spare", type_=BigInteger))
        .returning(periods.c.start)
    )


def _closing() -> ReturningUpdate[int]:
    """Closes an open reservation, and tells what it held."""
    return (
        update(reservations)
        .where(
            reservations.c.prefeitura_id == bindparam("for_prefeitura", type_=reservations.c.prefeitura_id.type),
            reservations.c.id == _new("id"),
            reservations.c.state == ReservationState.OPEN,
        )
        .values(state=_new("state"), charged=_new("charged"))
        .returning(reservations.c.tokens)
    )


_OPENING = DriverStatement(_opening())
_NARROWING = DriverStatement(_narrowing())
_CLOSING = DriverStatement(_closing())


class PostgresReservationRepository:
    """ReservationRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, reservation: Reservation, now: datetime) -> bool:
        """One statement: the row is there if the tokens are held."""
        consumer = reservation.consumer
        values = {
            "for_prefeitura": consumer.prefeitura_id,
            "new_id": reservation.id,
            "new_period_start": reservation.period_start,
            "new_usuario_id": consumer.usuario_id,
            "new_session_id": consumer.session_id,
            "new_message_id": consumer.message_id,
            "new_tokens": reservation.tokens,
            "new_sent_at": now if reservation.checkpoint else None,
            "new_checkpoint": _json(reservation.checkpoint),
            "new_expires_at": reservation.expires_at,
            "now": now,
            "day": day_in_brasilia(now),
        }
        return bool(await _OPENING.rows(self._connection, values))

    async def narrow(self, reservation: Reservation, now: datetime, *, spare: int) -> bool:
        """One statement."""
        values = {
            "for_prefeitura": reservation.consumer.prefeitura_id,
            "new_id": reservation.id,
            "new_tokens": reservation.tokens,
            "new_checkpoint": _json(reservation.checkpoint),
            "new_sent_at": now,
            "new_expires_at": reservation.expires_at,
            "spare": spare,
        }
        return bool(await _NARROWING.rows(self._connection, values))

    async def close(self, reservation: Reservation, state: ReservationState, charged: int) -> int | None:
        """One UPDATE of the open row: of two who close it, one does."""
        values = {
            "for_prefeitura": reservation.consumer.prefeitura_id,
            "new_id": reservation.id,
            "new_state": state,
            "new_charged": charged,
        }
        held = await _CLOSING.rows(self._connection, values)
        return int(held[0][0]) if held else None

    async def charged_for(self, reservation: Reservation) -> int:
        """Read the row for update."""
        statement = select(reservations.c.charged).where(_itself(reservation)).with_for_update()
        return int((await self._connection.execute(statement)).scalar_one_or_none() or 0)

    async def raise_charge(self, reservation: Reservation, charged: int) -> None:
        """Write over the closed row."""
        statement = update(reservations).where(_itself(reservation))
        await self._connection.execute(statement.values(state=ReservationState.SETTLED, charged=charged))

    async def take_expired(self, now: datetime) -> Reservation | None:
        """The oldest row that nobody has locked."""
        statement = (
            select(reservations)
            .where(reservations.c.state == ReservationState.OPEN, reservations.c.expires_at < now)
            .order_by(reservations.c.expires_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        return _reservation(row) if row else None


def _itself(reservation: Reservation) -> ColumnElement[bool]:
    mine = reservations.c.prefeitura_id == reservation.consumer.prefeitura_id
    return and_(mine, reservations.c.id == reservation.id)


def _json(charges: Sequence[Charge]) -> str:
    known = [
        {
            "tipo": charge.kind,
            "modelo": charge.model,
            "prompt": charge.usage.prompt_tokens,
            "resposta": charge.usage.completion_tokens,
            "estimado": charge.usage.estimated,
        }
        for charge in charges
    ]
    return json.dumps(known)


def _reservation(row: Row[*tuple[object, ...]]) -> Reservation:
    return Reservation(
        id=row.id,
        consumer=Consumer(
            prefeitura_id=row.prefeitura_id,
            usuario_id=row.usuario_id,
            session_id=row.session_id,
            message_id=row.message_id,
        ),
        period_start=row.period_start,
        tokens=row.tokens,
        expires_at=row.expires_at,
        checkpoint=tuple(
            Charge(
                kind=ChargeKind(item["tipo"]),
                model=item["modelo"],
                usage=TokenUsage(
                    prompt_tokens=item["prompt"], completion_tokens=item["resposta"], estimated=item["estimado"]
                ),
            )
            for item in row.checkpoint
        ),
    )
