"""How many of a prefix's keys expire in the same moment, in per cent: the next burst of recomputing, before it comes.

Read from the keys' own deadlines, so a long time to live need not be waited for. The prefix where it is worst counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.redis.clumps import draw, worst
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge

__all__ = ["KeysExpiringTogether"]


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
        return await super().measure(sessions)

    async def look(self, redis: Redis) -> float:
        """Return the share of this moment."""
        drawn: Mapping[str, Sequence[bytes]] = self.__dict__["_drawn"]
        found = await worst(redis, drawn)
        return found.share_pct if found else 0.0
