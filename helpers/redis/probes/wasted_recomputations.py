"""How many of the lookups that miss one key at its expiry make it for nothing, in per cent.

The first that misses makes the value; who misses it meanwhile makes it too. Every missed lookup is one sample, so one expiry is enough.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.redis.connect import Redis
from helpers.redis.recompute import watch_expiry

__all__ = ["WastedRecomputations"]

ENOUGH = 8  # samples: fewer decide nothing
MOST = 500


@dataclass(frozen=True)
class WastedRecomputations(Probe):
    """0 for the lookup that makes the value anew, 100 for each further one; waits up to `patience_s` seconds for expiries of `key`.

    Source: FAULTS.md E1.
    """

    key: str = ""
    patience_s: float = 60.0

    needs: ClassVar[str] = "redis"
    metric: ClassVar[str] = "pct"
    passive: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """What is measured."""
        return "wasted recomputations"

    @property
    def applies(self) -> bool:
        """Whether a key was given."""
        return bool(self.key)

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return a sample per missed lookup, until there are enough or the patience ends. Raises SystemProblem."""
        redis: Redis = sessions["redis"]
        started, samples = time.monotonic(), list[Sample]()
        while len(samples) < ENOUGH and time.monotonic() < started + self.patience_s:
            found = await watch_expiry(redis, self.key, patience_s=self.patience_s)
            if found is None:
                break
            at, count = time.monotonic() - started, min(round(found.misses), MOST)
            samples += [Sample(100.0 if number else 0.0, at) for number in range(max(count, 1))]
        return samples
