"""What charges tokens, wired by hand."""

from datetime import timedelta

from balcao.application.alerts import QuotaAlerts
from balcao.application.metering import Metering
from balcao.application.ports import Clock
from balcao.infrastructure.settings import Settings
from balcao.interface.dependencies.consumption import alert_channels, prices_of

_ATTEMPTS_OF_A_CALL = 3
_PAUSES_OF_A_CALL = timedelta(minutes=3)
"""More than the pauses between attempts, which a provider's Retry-After makes a minute long at the most."""


def metering_of(settings: Settings, clock: Clock) -> Metering:
    """Reservations live longer than the longest call, so that none of a living process is taken for a dead one's."""
    life = timedelta(seconds=settings.openai_timeout_seconds) * _ATTEMPTS_OF_A_CALL + _PAUSES_OF_A_CALL
    return Metering(prices_of(settings), QuotaAlerts(alert_channels(settings)), clock, life=life)
