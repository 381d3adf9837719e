"""How many accesses an LFU counter's rise stands for.

Under an LFU policy the server counts accesses by itself, in eight bits: at a counter of `c` an access raises it with probability
1 / ((c - 5) x lfu-log-factor + 1). So one step stands for the inverse of that many accesses, however they were bunched in time.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SATURATED", "Rise", "rise", "weight"]

INITIAL = 5  # LFU_INIT_VAL (Redis source, evict.c)
SATURATED = 255


@dataclass(frozen=True, slots=True)
class Rise:
    """Accesses estimated from a counter, with the estimate's variance; `step` is what one more step would stand for."""

    hits: float
    variance: float
    step: float
    counter: int


def weight(counter: int, factor: float) -> float:
    """Return how many accesses raise a counter by one, on average."""
    return max(counter - INITIAL, 0) * factor + 1


def rise(before: int | None, after: int, factor: float) -> Rise:
    """Return what a counter's rise stands for; a key that was not there before began at 5.

    The waiting time for a step is geometric with mean w, so its variance is w(w - 1).

    Source: Redis manual, key eviction, "The new LFU mode"; Redis source, LFULogIncr.
    """
    start = INITIAL if before is None else before
    weights = [weight(c, factor) for c in range(start, after)]
    return Rise(sum(weights), sum(w * (w - 1) for w in weights), weight(after, factor), after)
