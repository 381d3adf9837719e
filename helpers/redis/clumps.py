"""Keys that expire together: how the deadlines of a prefix's keys lie, and the moment at which most of them fall.

A moment is a twentieth of the longest time to live, so that keys spread evenly put a twentieth into each; at least a second, and at most ten:
what is made anew over longer comes as ordinary misses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.deadlines import deadlines_of, now_ms
from helpers.redis.keyspace import random_keys
from helpers.redis.prefixes import learn, shape

__all__ = ["SHORTEST_S", "Clump", "clump_of", "draw", "histogram", "worst"]

DRAWN = 5000
FEWEST = 60  # fewer keys that expire are made again before anybody notices
MOMENT = 0.05
SHORTEST_MOMENT_MS, LONGEST_MOMENT_MS = 1000, 10_000
SHORTEST_S = 5.0  # keys that live no longer fall into few moments by nature


@dataclass(frozen=True, slots=True)
class Clump:
    """`together` of `keys` keys of a prefix expire between `start_ms` and `end_ms` (Unix time); the longest lives `ttl_s` from now."""

    prefix: str
    keys: int
    together: int
    start_ms: int
    end_ms: int
    ttl_s: float

    @property
    def share_pct(self) -> float:
        """Share of the prefix's keys that expire in this moment, in per cent."""
        return 100 * self.together / self.keys


async def draw(redis: Redis, *, keys: int = DRAWN) -> dict[str, list[bytes]]:
    """Return random keys by learned prefix, those with few keys left out. Raises SystemProblem."""
    found = [(key, shape(key)) for key in await random_keys(redis, keys)]
    names = learn(Counter(shaped for _, shaped in found))
    grouped: dict[str, list[bytes]] = defaultdict(list)
    for key, shaped in found:
        grouped[names[shaped]].append(key)
    return {prefix: members for prefix, members in grouped.items() if len(members) >= FEWEST}


async def worst(redis: Redis, drawn: Mapping[str, Sequence[bytes]]) -> Clump | None:
    """Return the prefix of which the largest share expires in one moment, as it is now; None without one. Raises SystemProblem."""
    now = await now_ms(redis)
    keys = [key for members in drawn.values() for key in members]
    at = dict(zip(keys, [found for found, _ in await deadlines_of(redis, keys)], strict=True)) if keys else {}
    clumps = [clump_of(prefix, [at[key] for key in members], now) for prefix, members in drawn.items()]
    return max((c for c in clumps if c), key=lambda c: (c.share_pct, c.keys), default=None)


def clump_of(prefix: str, deadlines: Sequence[int], now: int) -> Clump | None:
    """Return the moment at which most of these deadlines (Unix ms; negative: none) fall; None for few or short-lived keys. Pure."""
    due = sorted(at for at in deadlines if at > now)
    if len(due) < FEWEST or due[-1] - now < SHORTEST_S * 1000:
        return None
    width = min(max(int((due[-1] - now) * MOMENT), SHORTEST_MOMENT_MS), LONGEST_MOMENT_MS)
    best, first, low = 0, 0, 0
    for high, at in enumerate(due):
        while at - due[low] > width:
            low += 1
        if high - low + 1 > best:
            best, first = high - low + 1, low
    return Clump(prefix, len(due), best, due[first], due[first + best - 1], (due[-1] - now) / 1000)


def histogram(deadlines: Sequence[int], now: int, *, bars: int = 20) -> list[int]:
    """Return how many deadlines fall into each of `bars` equal spans between now and the last; pure."""
    due = [at - now for at in deadlines if at > now]
    if not due:
        return []
    width = max(due) / bars
    counted = Counter(min(int(at / width), bars - 1) for at in due)
    return [counted[n] for n in range(bars)]
