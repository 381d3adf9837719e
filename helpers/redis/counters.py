"""Counters that expire, by prefix, and those of them that lost the way to: strings that hold an integer.

A limit's counters live for one window; one without an expiry beside them counts for ever. Found by SCAN in budgeted steps; a prefix
whose counters are all meant to stay (page views) has none that expire, and is left out.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.errors import BadAnswer, Refused, SystemProblem
from helpers.redis.connect import Redis
from helpers.redis.prefixes import belongs, glob, learn, shape

__all__ = ["Limit", "Limits", "gather", "integers"]

BUDGET_S = 10.0
PAGE = 1000
PAUSE_S = 0.001
LONGEST = 20  # digits and sign of a 64-bit integer: INCR makes no longer one
MOST_STUCK = 1000  # of one shape: more are counted, not watched
SIBLINGS = 200
FEWEST = 5  # counters that expire, before a prefix counts as a limit
MOSTLY = 0.9

_INTEGER = re.compile(rb"-?\d{1,19}")


@dataclass(slots=True)
class Limit:
    """The counters of one prefix: how many expire and how many do not (`bare`), and up to some hundred keys of either.

    `window_s` is the longest time to live seen on one: about one window of the limit; 0 where none expires.
    """

    prefix: str
    expiring: int = 0
    bare: int = 0
    window_s: float = 0.0
    stuck: list[bytes] = field(default_factory=list)
    siblings: list[bytes] = field(default_factory=list)

    def add(self, key: bytes, ttl_ms: int) -> None:
        """Count one short string."""
        self.bare += ttl_ms == -1
        self.expiring += ttl_ms != -1
        self.window_s = max(self.window_s, math.ceil(ttl_ms / 1000))
        kept, most = (self.stuck, MOST_STUCK) if ttl_ms == -1 else (self.siblings, SIBLINGS)
        if len(kept) < most:
            kept.append(key)

    def merge(self, other: Limit) -> None:
        """Take another shape's counts in."""
        self.expiring, self.bare = self.expiring + other.expiring, self.bare + other.bare
        self.window_s = max(self.window_s, other.window_s)
        self.stuck, self.siblings = (self.stuck + other.stuck)[:MOST_STUCK], (self.siblings + other.siblings)[:SIBLINGS]


@dataclass(frozen=True, slots=True)
class Limits:
    """What was found; `complete` is False when the budget ended before the keys did, `seen` how many keys were looked at."""

    rows: tuple[Limit, ...]
    complete: bool
    seen: int


async def gather(redis: Redis, *, prefix: str = "", budget_s: float = BUDGET_S) -> Limits:
    """Return the prefixes whose strings are integers and that have one without an expiry, most of them first.

    Args:
        redis: Read-only session.
        prefix: Only this one, `rate:{id}`, whether or not any of its counters expires; empty: those most of whose counters do.
        budget_s: Seconds the scan may take.

    Raises:
        SystemProblem: as the server answered.

    """
    shapes, complete, seen = await _scan(redis, prefix, budget_s)
    names = dict.fromkeys(shapes, prefix) if prefix else learn({s: x.bare + x.expiring for s, x in shapes.items()})
    merged: dict[str, Limit] = {}
    for shaped, name in names.items():
        merged.setdefault(name, Limit(name)).merge(shapes[shaped])
    rows = [await _only_integers(redis, row) for row in merged.values() if row.bare and (prefix or _like_a_limit(row))]
    return Limits(tuple(sorted((r for r in rows if r.bare), key=lambda r: (-r.bare, r.prefix))), complete, seen)


def _like_a_limit(row: Limit) -> bool:
    return row.expiring >= max(FEWEST, row.bare)


async def _scan(redis: Redis, prefix: str, budget_s: float) -> tuple[dict[str, Limit], bool, int]:
    """Return the short strings by shape, whether all keys were seen, and how many were."""
    shapes: dict[str, Limit] = {}
    cursor, seen, started = 0, 0, time.monotonic()
    match = ("MATCH", glob(prefix)) if prefix else ()
    while True:
        reply, keys = await redis.ask("SCAN", cursor, *match, "COUNT", PAGE, "TYPE", "string")
        keys = [key for key in keys if not prefix or belongs(key, prefix)]
        replies = await redis.ask_many([(q, key) for key in keys for q in ("STRLEN", "PTTL")], lines=True)
        for number, key in enumerate(keys):
            length, ttl_ms = replies[2 * number : 2 * number + 2]
            if isinstance(length, int) and isinstance(ttl_ms, int) and 0 < length <= LONGEST and ttl_ms != -2:
                shaped = shape(key)
                shapes.setdefault(shaped, Limit(shaped)).add(key, ttl_ms)
        cursor, seen = int(reply), seen + PAGE
        redis.keys_scanned += PAGE
        if cursor == 0 or time.monotonic() - started > budget_s:
            return shapes, cursor == 0, seen
        await asyncio.sleep(PAUSE_S)


async def _only_integers(redis: Redis, row: Limit) -> Limit:
    """Return the row with integers only; empty when its expiring strings are something else."""
    siblings = await integers(redis, row.siblings)
    if row.siblings and len(siblings) < MOSTLY * len(row.siblings):
        return Limit(row.prefix)
    stuck = list(await integers(redis, row.stuck))
    bare = len(stuck) if len(row.stuck) == row.bare else row.bare
    return Limit(row.prefix, row.expiring, bare if stuck else 0, row.window_s, stuck, list(siblings))


async def integers(redis: Redis, keys: Sequence[bytes]) -> dict[bytes, int | None]:
    """Return those of the keys that hold an integer, with it; None where values may not be read (then by OBJECT ENCODING).

    Raises:
        SystemProblem: neither may be asked, or the server does not answer.

    """
    readable = bool(keys) and not isinstance((await redis.ask_many([_read(keys[0])]))[0], Refused)  # one entry in the ACL's log, no more
    if readable:
        replies = await redis.ask_many([_read(key) for key in keys])
        return {k: int(r) for k, r in zip(keys, replies, strict=True) if isinstance(r, bytes) and _INTEGER.fullmatch(r)}
    found: dict[bytes, int | None] = {}
    for key, reply in zip(keys, await redis.ask_many([("OBJECT ENCODING", key) for key in keys]), strict=True):
        if isinstance(reply, SystemProblem) and not isinstance(reply, BadAnswer):
            raise reply
        if reply == b"int":
            found[key] = None
    return found


def _read(key: bytes) -> tuple[str | int | bytes, ...]:
    return ("GETRANGE", key, 0, LONGEST)
