"""Reservations in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.chat import TokenUsage
from balcao.domain.consumption import Charge, ChargeKind, Consumer, Reservation, ReservationState
from balcao.infrastructure.database.tables import reservations


class PostgresReservationRepository:
    """ReservationRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, reservation: Reservation, sent_at: datetime | None) -> None:
        """Insert the row."""
        consumer = reservation.consumer
        statement = insert(reservations).values(
            id=reservation.id,
            prefeitura_id=consumer.prefeitura_id,
            period_start=reservation.period_start,
            usuario_id=consumer.usuario_id,
            session_id=consumer.session_id,
            message_id=consumer.message_id,
            tokens=reservation.tokens,
            sent_at=sent_at,
            checkpoint=_json(reservation.checkpoint),
            expires_at=reservation.expires_at,
        )
        await self._connection.execute(statement)

    async def checkpoint(self, reservation: Reservation, sent_at: datetime) -> bool:
        """Write over the open row."""
        statement = update(reservations).where(_open(reservation))
        kept = statement.values(
            tokens=reservation.tokens,
            checkpoint=_json(reservation.checkpoint),
            sent_at=sent_at,
            expires_at=reservation.expires_at,
        )
        return bool((await self._connection.execute(kept)).rowcount)

    async def close(self, reservation: Reservation, state: ReservationState, charged: int) -> int | None:
        """One UPDATE of the open row: of two who close it, one does."""
        statement = update(reservations).where(_open(reservation)).values(state=state, charged=charged)
        held = (await self._connection.execute(statement.returning(reservations.c.tokens))).scalar_one_or_none()
        return None if held is None else int(held)

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


def _open(reservation: Reservation) -> ColumnElement[bool]:
    return and_(_itself(reservation), reservations.c.state == ReservationState.OPEN)


def _json(charges: Sequence[Charge]) -> list[dict[str, object]]:
    return [
        {
            "tipo": charge.kind,
            "modelo": charge.model,
            "prompt": charge.usage.prompt_tokens,
            "resposta": charge.usage.completion_tokens,
            "estimado": charge.usage.estimated,
        }
        for charge in charges
    ]


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
