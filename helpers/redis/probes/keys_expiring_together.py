"""How many of a prefix's keys expire in the same moment, in per cent: the next burst of recomputing, before it comes.

Read from the keys' own deadlines, so a long time to live need not be waited for. The prefix where it is worst counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sample, Sessions
from helpers.redis.clumps import SHORTEST_S, Clump, draw, worst
from helpers.redis.connect import Redis
from helpers.redis.deadlines import GONE, deadlines_of, now_ms
from helpers.redis.gauge import Gauge
from helpers.redis.window_counters import without_counters

__all__ = ["KeysExpiringTogether"]

AFTER_S = 2.0  # until the keys that have expired are there again, as a rule


@dataclass(frozen=True)
class KeysExpiringTogether(Gauge):
    """The largest share of a prefix's keys that expire within a twentieth of their time to live, 10 s at most.

    It is 0 where no prefix has many keys. Counters of a window, such as a rate limit's, are left out: nothing is made anew when they end.

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
        first = await draw(sessions["redis"])
        await asyncio.sleep(AFTER_S)  # keys that had just expired together are there again
        again = await draw(sessions["redis"])
        both = {prefix: sorted({*first.get(prefix, ()), *again.get(prefix, ())}) for prefix in {**first, **again}}
        object.__setattr__(self, "_drawn", await without_counters(sessions["redis"], both))
        object.__setattr__(self, "_last", None)
        return await super().measure(sessions)

    async def look(self, redis: Redis) -> float:
        """Return the share of this moment; while a clump is expiring it cannot be seen, and its last share stands."""
        last: Clump | None = self.__dict__["_last"]
        drawn: Mapping[str, Sequence[bytes]] = self.__dict__["_drawn"]
        found = await worst(redis, drawn)
        if (
            last is not None
            and (found is None or found.share_pct < last.share_pct)
            and await _away(redis, last, drawn.get(last.prefix, ()))
        ):
            return last.share_pct
        if found is None:
            object.__setattr__(self, "_drawn", await without_counters(redis, await draw(redis)))
        object.__setattr__(self, "_last", found)
        return found.share_pct if found else 0.0


async def _away(redis: Redis, last: Clump, keys: Sequence[bytes]) -> bool:
    """Return whether the keys of this clump expire now, or have expired and are not made again yet."""
    now = await now_ms(redis)
    if not last.start_ms - 1000 * SHORTEST_S < now < last.end_ms + 1000 * max(last.ttl_s, AFTER_S):
        return False
    if now < last.end_ms + 1000 * AFTER_S:
        return True
    there = sum(at != GONE for at, _ in await deadlines_of(redis, keys))
    return 2 * there < last.keys
