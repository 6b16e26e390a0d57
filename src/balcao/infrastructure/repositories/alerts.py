"""Alerts and their deliveries in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.alerts import AlertDelivery, Channel, DeliveryState, QuotaAlert
from balcao.domain.ids import AlertId, PrefeituraId
from balcao.domain.period import Period
from balcao.infrastructure.database.tables import alert_deliveries as deliveries
from balcao.infrastructure.database.tables import alerts

_OF_ALERT = (deliveries.c.prefeitura_id == alerts.c.prefeitura_id) & (deliveries.c.alert_id == alerts.c.id)
_OUTCOME = ("state", "attempts", "next_at", "delivered_at", "error")


class PostgresAlertRepository:
    """AlertRepository on one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep_new(self, new: Sequence[QuotaAlert]) -> list[QuotaAlert]:
        """One INSERT: of the same threshold in the same period the first stays, whoever else comes at once."""
        if not new:
            return []
        rows = [
            {
                "prefeitura_id": alert.prefeitura_id,
                "id": alert.id,
                "period_start": alert.period.start,
                "period_end": alert.period.end,
                "threshold": alert.threshold,
                "used": alert.used,
                "limit": alert.limit,
                "exhaustion": alert.exhaustion,
                "created_at": alert.created_at,
            }
            for alert in new
        ]
        statement = insert(alerts).values(rows).on_conflict_do_nothing(constraint="aviso_unico")
        kept = {row.id for row in await self._connection.execute(statement.returning(alerts.c.id))}
        return [alert for alert in new if alert.id in kept]

    async def queue(self, alert: QuotaAlert, channels: Sequence[Channel], now: datetime) -> None:
        """Insert a delivery for each channel."""
        if channels:
            rows = [
                {"prefeitura_id": alert.prefeitura_id, "alert_id": alert.id, "channel": channel, "next_at": now}
                for channel in channels
            ]
            await self._connection.execute(insert(deliveries).values(rows))

    async def find_page(self, prefeitura_id: PrefeituraId, limit: int, after: AlertId | None) -> list[QuotaAlert]:
        """Rows by the instant and the threshold of the alert; their deliveries by a second query."""
        statement = select(alerts).where(alerts.c.prefeitura_id == prefeitura_id)
        if after is not None:
            mark = alerts.alias()
            behind = (
                select(mark.c.created_at, mark.c.threshold)
                .where(mark.c.prefeitura_id == prefeitura_id, mark.c.id == after)
                .scalar_subquery()
            )
            statement = statement.where(tuple_(alerts.c.created_at, alerts.c.threshold) < behind)
        statement = statement.order_by(alerts.c.created_at.desc(), alerts.c.threshold.desc()).limit(limit)
        rows = (await self._connection.execute(statement)).all()
        sent = select(deliveries).where(
            deliveries.c.prefeitura_id == prefeitura_id, deliveries.c.alert_id.in_([row.id for row in rows])
        )
        by_alert: dict[AlertId, list[AlertDelivery]] = {}
        for row in await self._connection.execute(sent.order_by(deliveries.c.channel)):
            by_alert.setdefault(row.alert_id, []).append(_delivery(row))
        return [_alert(row, *by_alert.get(row.id, ())) for row in rows]

    async def lock_due(self, now: datetime) -> QuotaAlert | None:
        """FOR UPDATE SKIP LOCKED, so that several processes deliver side by side."""
        statement = (
            select(alerts, *(deliveries.c[key] for key in ("channel", *_OUTCOME)))
            .join(deliveries, _OF_ALERT)
            .where(deliveries.c.state == DeliveryState.PENDING, deliveries.c.next_at <= now)
            .order_by(deliveries.c.next_at)
            .limit(1)
            .with_for_update(skip_locked=True, of=deliveries)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        return _alert(row, _delivery(row)) if row else None

    async def save_delivery(self, alert: QuotaAlert, delivery: AlertDelivery) -> None:
        """Update the row while it is pending."""
        statement = update(deliveries).where(
            deliveries.c.prefeitura_id == alert.prefeitura_id,
            deliveries.c.alert_id == alert.id,
            deliveries.c.channel == delivery.channel,
            deliveries.c.state == DeliveryState.PENDING,
        )
        await self._connection.execute(statement.values({key: getattr(delivery, key) for key in _OUTCOME}))


def _alert(row: Row[*tuple[object, ...]], *sent: AlertDelivery) -> QuotaAlert:
    return QuotaAlert(
        id=row.id,
        prefeitura_id=row.prefeitura_id,
        period=Period(start=row.period_start, end=row.period_end),
        threshold=row.threshold,
        used=row.used,
        limit=row.limit,
        exhaustion=row.exhaustion,
        created_at=row.created_at,
        deliveries=sent,
    )


def _delivery(row: Row[*tuple[object, ...]]) -> AlertDelivery:
    return AlertDelivery(
        channel=Channel(row.channel),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        error=row.error,
    )
