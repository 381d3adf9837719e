"""One axis for samples: logarithmic when they span more than a factor of ten, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Axis", "axis_for"]

LEFT, RIGHT = 2.0, 98.0  # per cent of the picture's width
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` on a line from LEFT to RIGHT per cent."""

    low: float
    high: float
    log: bool

    def at(self, value: float) -> float:
        """Return where a value stands, in per cent of the width; values beyond the ends stand at the ends."""
        value = min(max(value, self.low), self.high)
        share = (value - self.low) / (self.high - self.low)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(LEFT + (RIGHT - LEFT) * share, 2)

    def ticks(self) -> list[float]:
        """Return two to five round values on the axis, in order."""
        return _log_ticks(self.low, self.high) if self.log else _linear_ticks(self.low, self.high)


def axis_for(values: Sequence[float]) -> Axis:
    """Return the axis that holds `values` with a little room at both ends; there is at least one."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= 10:
        return Axis(low / 1.15, high * 1.15, log=True)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Axis(max(low - room, 0.0) if low >= 0 else low - room, high + room, log=False)


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [s * 10.0**e for e in range(first, last + 1) for s in steps if low <= s * 10.0**e <= high]
        if len(found) <= _MOST_TICKS:
            return found
    stride = math.ceil(len(found) / _MOST_TICKS)
    return found[::stride]


def _linear_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / (_MOST_TICKS - 1)
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * s for s in (1, 2, 2.5, 5, 10) if base * s >= rough)
    first = math.ceil(low / step)
    return [round(i * step, 10) for i in range(first, math.floor(high / step) + 1)]
