"""How many of a prefix's keys expire in the same moment, in per cent: the next burst of recomputing, before it comes.

Read from the keys' own deadlines, so a long time to live need not be waited for. The prefix where it is worst counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.redis.clumps import SHORTEST_S, Clump, draw, worst
from helpers.redis.connect import Redis
from helpers.redis.deadlines import now_ms
from helpers.redis.gauge import Gauge

__all__ = ["KeysExpiringTogether"]

AFTER_MS = 2000  # until the keys that have expired are there again


@dataclass(frozen=True)
class KeysExpiringTogether(Gauge):
    """The largest share of a prefix's keys that expire within a twentieth of their time to live; 0 where no prefix has many keys.

    Source: Vattani, Chierichetti, Lowenstein, Optimal Probabilistic Cache Stampede Prevention (2015), on expiry at one moment.
    """

    window_s: float = 8.0
    every_s: float = 0.5

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "keys expiring together"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look at the same random keys. Raises SystemProblem when the server cannot be asked."""
        object.__setattr__(self, "_drawn", await draw(sessions["redis"]))
        object.__setattr__(self, "_last", None)
        return await super().measure(sessions)

    async def look(self, redis: Redis) -> float:
        """Return the share of this moment; while a clump is expiring it cannot be seen, and its last share stands."""
        last: Clump | None = self.__dict__["_last"]
        drawn: Mapping[str, Sequence[bytes]] = self.__dict__["_drawn"]
        found = await worst(redis, drawn)
        expiring = last is not None and last.start_ms - 1000 * SHORTEST_S < await now_ms(redis) < last.end_ms + AFTER_MS
        if last is not None and expiring and (found is None or found.share_pct < last.share_pct):
            return last.share_pct
        if found is None:
            object.__setattr__(self, "_drawn", await draw(redis))
        object.__setattr__(self, "_last", found)
        return found.share_pct if found else 0.0
