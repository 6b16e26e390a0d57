"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Implements ``Clock`` with the operating system's time, in UTC."""

    def now(self) -> datetime:
        """The current instant, aware of its time zone."""
        return datetime.now(UTC)
