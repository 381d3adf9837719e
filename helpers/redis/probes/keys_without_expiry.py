"""How many of the keys never expire, in per cent of all keys, looked at several times a second.

Counted by the server itself (INFO keyspace), so it costs nothing however many keys there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import Refused
from helpers.redis.connect import Redis
from helpers.redis.gauge import Gauge
from helpers.redis.replies import parse_fields

__all__ = ["KeysWithoutExpiry"]


@dataclass(frozen=True)
class KeysWithoutExpiry(Gauge):
    """Share of keys without an expiry, in per cent, over all databases; 0 where there are no keys.

    Source: Redis manual, INFO keyspace (`keys`, `expires`).
    """

    metric: ClassVar[str] = "pct"

    @property
    def name(self) -> str:
        """What is measured."""
        return "keys without expiry"

    async def look(self, redis: Redis) -> float:
        """Return the share of this moment. Raises Refused where the service does not tell."""
        facts = await redis.info("keyspace")
        spaces = [parse_fields(str(v)) for k, v in facts.items() if k.startswith("db")]
        keys = sum(f.get("keys", 0) for f in spaces)
        if any("expires" not in f for f in spaces):
            raise Refused("redis", "INFO keyspace does not say how many keys expire.")
        return 100 * (keys - sum(f["expires"] for f in spaces)) / keys if keys else 0.0
