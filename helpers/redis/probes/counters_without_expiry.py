"""How many counters of a limit do not limit: they never expire and lock somebody out, or end long before their window.

Those without an expiry, where others beside them have one, are looked for once, by SCAN; then only they are looked at, several
times a second. One that gets its expiry a moment after it was made, as it does between INCR and EXPIRE, is not counted again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.redis.connect import Redis
from helpers.redis.counters import SIBLINGS, gather, integers
from helpers.redis.gauge import Gauge
from helpers.redis.population import SHORTER, look

__all__ = ["CountersWithoutExpiry"]

FEWEST_EXPIRING = 3


@dataclass(frozen=True)
class CountersWithoutExpiry(Gauge):
    """Integer strings without an expiry, of `prefix`, or of every prefix most of whose integers expire.

    With `prefix` and `ttl_s`, one window in s, all of its counters count as long as none has even two thirds of that left.

    Source: Redis manual, INCR (pattern: rate limiter), PTTL.
    """

    prefix: str = ""
    ttl_s: float = 0.0

    metric: ClassVar[str] = "count"

    @property
    def name(self) -> str:
        """What is measured."""
        return f"counters of {self.prefix} without expiry" if self.prefix else "counters without expiry"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return one sample per look. Raises SystemProblem when the server cannot be asked."""
        found = await gather(sessions["redis"], prefix=self.prefix)
        object.__setattr__(self, "_keys", [key for row in found.rows for key in row.stuck])  # no field: no setting of the probe
        return await Gauge.measure(self, sessions)

    async def look(self, redis: Redis) -> float:
        """Return how many of them still have no expiry; a server that is gone is not zero."""
        replies = await redis.ask_many([("PING",), *(("PTTL", key) for key in self.__dict__.get("_keys", ()))], lines=True)
        early = await self._early(redis) if self.prefix and self.ttl_s else 0
        return float(sum(reply == -1 for reply in replies) + early)

    async def _early(self, redis: Redis) -> int:
        ttls = {key: ttl for key, ttl in (await look(redis, self.prefix)).ttls.items() if ttl >= 0}
        if len(ttls) < FEWEST_EXPIRING or max(ttls.values()) * SHORTER >= self.ttl_s * 1000:
            return 0
        return len(await integers(redis, list(ttls)[:SIBLINGS]))
