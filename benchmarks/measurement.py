"""What a benchmark reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure, with the target it has to meet where there is one."""

    name: str
    value: float
    unit: str
    target: str = ""
