"""Propose how the traffic of one hot key is taken off its node: a cache in the application, copies, or a counter in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.redis.connect import Redis

__all__ = ["CacheHotKey"]

MOSTLY_WRITES_PCT = 50.0
COPIES = 8


@dataclass(frozen=True)
class CacheHotKey(Proposal):
    """The text for `key`, which takes `share_pct` of the traffic (`per_s` calls a second); `writes_pct` of all calls write."""

    key: str
    share_pct: float = 0.0
    per_s: float = 0.0
    writes_pct: float = 0.0

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what to change and its price. Reads nothing. Raises ParameterError."""
        if not self.key:
            raise ParameterError("cache_hot_key needs a key.")
        return FixPreview(statements=self._steps(), effects=self._effects(), advice=self._advice())

    @property
    def _written(self) -> bool:
        return self.writes_pct >= MOSTLY_WRITES_PCT

    def _steps(self) -> list[str]:
        if self._written:
            return [
                f"write {self.key}:0 … {self.key}:{COPIES - 1}, the part chosen at random, and read the sum of all parts",
                "or add up in the application, and write once a second",
            ]
        return [
            f"keep {self.key} in each process for a second: one call per process and second instead of {self.per_s:,.0f} in all",
            "or let the server tell when it changes: CLIENT TRACKING (client-side caching, Redis 6 and newer; RESP3)",
            f"or read it from replicas, or from copies {self.key}:0 … {self.key}:{COPIES - 1}, in a cluster on different slots",
        ]

    def _effects(self) -> list[str]:
        if self._written:
            return [
                "A sum over parts is of no one moment; a limit that must hold exactly needs one key.",
                "What was not written yet is lost with its process.",
            ]
        return [
            "A value kept in the process is as old as it is kept; with CLIENT TRACKING a few milliseconds, and the server remembers who has what.",
            "A replica lags behind; copies must all be written, and can differ for a moment.",
        ]

    def _advice(self) -> list[str]:
        return [
            f"Measure the share again afterwards: it was {self.share_pct:.0f} %.",
            "More nodes of a cluster do not help: a key lives on one of them.",
        ]

    def patch(self, preview: FixPreview) -> str:
        """Return the plan, and for a key that is mostly read a cache of one second, as code."""
        plan = [f"{number}. {step}" for number, step in enumerate(preview.statements, 1)]
        return (
            "\n".join(plan) if self._written else "\n".join([*plan, "", _CODE.format(key=self.key.replace("{", "{{").replace("}", "}}"))])
        )


_CODE = """\
# Python, redis-py 5.1 and newer: the client keeps what it read until the server says that it changed
from redis import Redis
from redis.cache import CacheConfig

client = Redis.from_url(url, protocol=3, cache_config=CacheConfig(max_size=1000))
client.get("{key}")  # or hgetall, zrange …: from this process while it is unchanged"""
