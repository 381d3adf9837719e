"""A few thousand keys watched for a moment: which of them lost their expiry, and which vanished before their time.

What counters cannot tell: which keys it happens to. PTTL does not touch a key, so watching changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.errors import SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.keyspace import random_keys
from helpers.redis.prefixes import shape

__all__ = ["Cohort", "Fate", "gather", "look_again"]

KEYS = 5000
SLACK_MS = 1000  # the server's time and ours pass between two looks


@dataclass(slots=True)
class Fate:
    """What became of the watched keys of one prefix, all of which had an expiry at first (`watched`) or not (`persistent`)."""

    watched: int = 0
    persistent: int = 0
    lost_expiry: int = 0
    vanished_early: int = 0
    persistent_vanished: int = 0
    example: bytes = b""


@dataclass(slots=True)
class Cohort:
    """The keys and their times to live in ms at the first look."""

    ttls: dict[bytes, int] = field(default_factory=dict)


async def gather(redis: Redis, *, keys: int = KEYS) -> Cohort:
    """Return up to `keys` random keys with their times to live. Raises SystemProblem."""
    found = await random_keys(redis, keys)
    return Cohort({key: ttl for key, ttl in zip(found, await _ttls(redis, found), strict=True) if ttl != -2})


async def look_again(redis: Redis, cohort: Cohort, *, passed_s: float) -> dict[str, Fate]:
    """Return by prefix (as `shape` writes it) what became of the keys `passed_s` seconds later. Raises SystemProblem."""
    keys = list(cohort.ttls)
    fates: dict[str, Fate] = {}
    for key, now in zip(keys, await _ttls(redis, keys), strict=True):
        fate, before = fates.setdefault(shape(key), Fate()), cohort.ttls[key]
        if before == -1:
            fate.persistent += 1
            fate.persistent_vanished += now == -2
            continue
        fate.watched += 1
        if now == -1:
            fate.lost_expiry += 1
            fate.example = fate.example or key
        elif now == -2 and before > passed_s * 1000 + SLACK_MS:
            fate.vanished_early += 1
            fate.example = fate.example or key
    return fates


async def _ttls(redis: Redis, keys: Sequence[bytes]) -> list[int]:
    replies = await redis.ask_many([("PTTL", key) for key in keys], timeout_s=10.0, lines=True)
    for reply in replies:
        if isinstance(reply, SystemProblem):
            raise reply
    return list(replies)
