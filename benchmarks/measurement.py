"""What a benchmark reports."""

import re
from dataclasses import dataclass

_TARGET = re.compile(r"(<=|>=|<|>) ?(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure, with the target it has to meet where there is one ("<= 0.9"), and the passages it was taken over.

    ``meaning`` is what docs/desempenho.md says of it, in Portuguese; ``gate`` is False for a target to aim at.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    meaning: str = ""
    size: int | None = None
    gate: bool = True

    @property
    def passes(self) -> bool | None:
        """Whether it meets its target; None without one."""
        found = _TARGET.fullmatch(self.target)
        if found is None:
            return None
        bound = float(found[2])
        return {
            "<=": self.value <= bound,
            ">=": self.value >= bound,
            "<": self.value < bound,
            ">": self.value > bound,
        }[found[1]]
