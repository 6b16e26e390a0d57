"""Raises alerts in the transaction of the charge that causes them."""

from datetime import datetime
from uuid import uuid4

from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.alerts import Channel, QuotaAlert, forecast_exhaustion, reached_thresholds
from balcao.domain.ids import AlertId
from balcao.domain.quota import QuotaBalance


class QuotaAlerts:
    """``channels`` are those by which the installation sends alerts; each is stored in any case."""

    def __init__(self, channels: tuple[Channel, ...] = ()) -> None:
        self._channels = channels

    async def note(self, work: UnitOfWork, balance: QuotaBalance, now: datetime) -> None:
        """Keep an alert for each threshold that was reached and has none in this period; send the highest of them.

        ``balance`` is the one after the charge, read while the charge still locks the period: the charge that comes
        last sees all others, so that no threshold is passed unseen however many are settled at once.
        """
        new = await work.alerts.keep_new([_alert(balance, threshold, now) for threshold in reached_thresholds(balance)])
        if new:
            highest = max(new, key=lambda alert: alert.threshold)
            await work.alerts.queue(highest, self._channels, now)


def _alert(balance: QuotaBalance, threshold: int, now: datetime) -> QuotaAlert:
    return QuotaAlert(
        id=AlertId(uuid4()),
        prefeitura_id=balance.prefeitura_id,
        period=balance.period,
        threshold=threshold,
        used=balance.used,
        limit=balance.limit,
        exhaustion=forecast_exhaustion(balance, now),
        created_at=now,
    )
