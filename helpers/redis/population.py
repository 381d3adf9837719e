"""All keys of one prefix with their times to live, looked at twice: how many were made in between, and how long the new ones live.

Redis does not keep when a key was made. What it keeps is when each ends: keys made all along end all along, keys made since a moment
ago all have most of their life before them, and new ones say how long a key lives from now on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.errors import SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.walk import keys_of

__all__ = ["Look", "Population", "between", "look"]

BUDGET_S = 30.0
PAGE = 1000
SHORTER = 1.5  # an old key must outlive what new ones get by this much to be of another kind


@dataclass(frozen=True, slots=True)
class Look:
    """The prefix's keys with their times to live in ms (-1: none) at one moment; `complete` False when the budget ended first."""

    at: float
    ttls: Mapping[bytes, int]
    complete: bool


async def look(redis: Redis, prefix: str, *, budget_s: float = BUDGET_S) -> Look:
    """Return the prefix's keys now. Raises SystemProblem."""
    started, found = time.monotonic(), dict[bytes, int]()
    async for page in keys_of(redis, prefix, page=PAGE):
        replies = await redis.ask_many([("PTTL", key) for key in page], timeout_s=10.0, lines=True)
        for key, ttl in zip(page, replies, strict=True):
            if isinstance(ttl, SystemProblem):
                raise ttl
            if ttl != -2:
                found[key] = ttl
        if time.monotonic() - started > budget_s:
            return Look(time.monotonic(), found, complete=False)
    return Look(time.monotonic(), found, complete=True)


@dataclass(frozen=True, slots=True)
class Population:
    """The keys of one prefix as two looks show them.

    `made` were not there at the first look and live `made_ttl_s` at most; `longest_s` and `shortest_s` are times to live of all that
    expire; `outliving` of the older ones live 1.5 times as long as any new one.
    """

    prefix: str
    keys: int
    expiring: int
    watched_s: float
    made: int
    made_ttl_s: float
    longest_s: float
    shortest_s: float
    outliving: int
    complete: bool = True

    @property
    def made_per_s(self) -> float:
        """New keys per second; those that end sooner than the time watched were seen for as long as they live only."""
        seen_s = min(self.watched_s, self.made_ttl_s) if self.made_ttl_s else self.watched_s
        return self.made / seen_s if seen_s > 0 else 0.0

    @property
    def made_in_all(self) -> float:
        """New keys in the time watched, those included that ended meanwhile."""
        return self.made_per_s * self.watched_s

    def due(self, keys: int) -> float:
        """Return how many new ones like these `keys` must have come in the time watched, had they been made all along (Little's law)."""
        return keys / self.longest_s * self.watched_s if self.longest_s else 0.0

    @property
    def began_s(self) -> float:
        """How long ago the oldest of them was made or last prolonged, at least."""
        return max(max(self.made_ttl_s, self.longest_s) - self.shortest_s, 0.0)


def between(prefix: str, first: Look, last: Look) -> Population:
    """Return what two looks add up to; pure."""
    ttls = {key: ttl / 1000 for key, ttl in last.ttls.items() if ttl >= 0}
    made = [ttl for key, ttl in ttls.items() if key not in first.ttls]
    newest = max(made, default=0.0)
    old = [ttl for key, ttl in ttls.items() if key in first.ttls]
    return Population(
        prefix=prefix, keys=len(last.ttls), expiring=len(ttls), watched_s=last.at - first.at, made=len(made), made_ttl_s=newest,
        longest_s=max(ttls.values(), default=0.0), shortest_s=min(ttls.values(), default=0.0),
        outliving=sum(ttl > SHORTER * newest for ttl in old) if made else 0, complete=first.complete and last.complete,
    )  # fmt: skip
