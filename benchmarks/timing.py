"""Times of many calls."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Median and 95th percentile, in milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """Of at least two calls."""
        cuts = statistics.quantiles(seconds, n=20)
        return cls(p50=cuts[9] * 1000, p95=cuts[18] * 1000)
