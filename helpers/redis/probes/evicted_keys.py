"""How many keys the server evicts per second to make room.

An evicted key was still meant to live: a session ends, a cache entry is made again. Passive, from the server's own count.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.gauge import RateGauge

__all__ = ["EvictedKeys"]


@dataclass(frozen=True)
class EvictedKeys(RateGauge):
    """Evicted keys per second.

    Source: Redis manual, INFO stats (`evicted_keys`).
    """

    window_s: float = 8.0
    every_s: float = 0.5

    @property
    def name(self) -> str:
        """What is measured."""
        return "evicted keys"

    async def look(self, redis: Redis) -> float:
        """Return how many were evicted so far. Raises Refused where the service does not tell."""
        evicted = (await redis.info("stats")).get("evicted_keys")
        if not isinstance(evicted, int | float):
            raise Refused("redis", "INFO stats does not say how many keys were evicted.")
        return float(evicted)
