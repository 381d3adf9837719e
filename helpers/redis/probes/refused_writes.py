"""How many writes the server refuses per second, whatever its reason.

Passive: it reads the error statistics, so it sees what the application's own writes meet. Where nobody writes, nothing is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.gauge import RateGauge
from helpers.redis.replies import parse_fields

__all__ = ["RefusedWrites"]

# Error prefixes with which a server refuses writes and goes on serving reads (Redis source, server.h shared objects).
PREFIXES = ("OOM", "MISCONF", "READONLY", "NOREPLICAS")


@dataclass(frozen=True)
class RefusedWrites(RateGauge):
    """Refused writes per second.

    Source: Redis manual, INFO errorstats (6.2+).
    """

    window_s: float = 8.0
    every_s: float = 0.5

    @property
    def name(self) -> str:
        """What is measured."""
        return "refused writes"

    async def look(self, redis: Redis) -> float:
        """Return how many were refused so far."""
        facts = await redis.info("errorstats")
        return sum(parse_fields(str(facts.get(f"errorstat_{prefix}", ""))).get("count", 0.0) for prefix in PREFIXES)
