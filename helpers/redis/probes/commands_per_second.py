"""How many commands the server processes per second.

The load of one node, whatever it is made of. Passive, from the server's own count.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.gauge import RateGauge

__all__ = ["CommandsPerSecond"]


@dataclass(frozen=True)
class CommandsPerSecond(RateGauge):
    """Processed commands per second, this session's own few among them.

    Source: Redis manual, INFO stats (`total_commands_processed`).
    """

    window_s: float = 8.0
    every_s: float = 0.5

    @property
    def name(self) -> str:
        """What is measured."""
        return "commands per second"

    async def look(self, redis: Redis) -> float:
        """Return how many were processed so far. Raises Refused where the service does not tell."""
        processed = (await redis.info("stats")).get("total_commands_processed")
        if not isinstance(processed, int | float):
            raise Refused("redis", "INFO stats does not say how many commands were processed.")
        return float(processed)
