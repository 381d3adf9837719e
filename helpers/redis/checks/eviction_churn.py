"""Which keys are evicted before their time, and which prefix crowds them out.

Watched keys that vanish long before they would expire are the evidence; the counters alone do not tell whose they are. Told apart:
writes refused for lack of memory, and a cache at its limit that evicts what nobody misses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from helpers.redis.cohort import Fate, gather, look_again
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.keyspace import weigh
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.prefixes import belongs
from helpers.redis.tally import PrefixRow, wilson
from helpers.results import Diagnosis, Status

__all__ = ["eviction_churn", "judge"]

WATCH_S = 4.0
FEWEST = 3  # keys that must be seen leaving: one or two may have been deleted
HEADROOM = 2.0
MIB = 1 << 20


async def eviction_churn(redis: Redis, *, watch_s: float = WATCH_S) -> Diagnosis:
    """The prefix whose keys are evicted early, and the one that takes their room.

    Args:
        redis: Read-only session.
        watch_s: Seconds some thousand keys are watched.

    Returns:
        PROBLEM with code eviction_churn and subject `PREFIX evicted by PREFIX` (`by itself` where it outgrows the memory alone);
        PROBLEM with another code when writes are refused; OK when nothing is evicted; UNKNOWN when no key was seen leaving early.

    Source: Redis manual, key eviction; INFO stats (`evicted_keys`).
    """
    before = await read(redis)
    rows = await weigh(redis, before.number("used_memory_dataset"))
    first = await read(redis)
    cohort = await gather(redis)
    await asyncio.sleep(watch_s)
    last = await read(redis)
    fates = await look_again(redis, cohort, passed_s=last.at - first.at)
    return judge(subtract(first, last), rows.tally.rows(rows.total_keys) if rows.tally.count else [], fates)


def judge(delta: Delta, rows: Sequence[PrefixRow], fates: Mapping[str, Fate]) -> Diagnosis:
    """Return what the counters, the prefixes and the watched keys add up to; pure."""
    other = blind(delta, "memory", "stats") or neighbour(delta, own="eviction_churn")
    if other:
        return other
    evicted = delta.counters.get("evicted_keys", 0.0)
    if not evicted:
        return Diagnosis(Status.OK, summary=f"No key was evicted in {delta.seconds:.1f} s.")
    victims = [(row, *_left(row, fates, crowds=row is rows[0])) for row in rows]
    victims = sorted((v for v in victims if v[1] >= FEWEST), key=lambda v: (v[0] is rows[0], -v[1]))
    if not victims:
        hits = f", {delta.hit_pct:.0f} % of lookups find their key" if delta.hit_pct is not None else ""
        return Diagnosis(
            Status.UNKNOWN,
            summary=f"{evicted / delta.seconds:.1f} keys a second are evicted{hits}; no watched key was seen leaving before its time. A cache at its "
            "limit does that as it is meant to: give it more memory if its hits are too few.",
            facts=delta.facts(),
        )
    return _named(delta, rows, victims[0], [v[0].prefix for v in victims[1:]])


def _left(row: PrefixRow, fates: Mapping[str, Fate], *, crowds: bool) -> tuple[int, int]:
    """Return how many watched keys of a prefix left early, of how many. Keys without an expiry count where another prefix crowds."""
    own = [f for s, f in fates.items() if s == row.prefix or belongs(s.encode("utf-8", "surrogateescape"), row.prefix)]
    early, watched = sum(f.vanished_early for f in own), sum(f.watched for f in own)
    if crowds:
        return early, watched
    return early + sum(f.persistent_vanished for f in own), watched + sum(f.persistent for f in own)


def _named(delta: Delta, rows: Sequence[PrefixRow], victim: tuple[PrefixRow, int, int], others: list[str]) -> Diagnosis:
    (row, left, watched), crowd = victim, rows[0]
    low, high = wilson(left, watched)
    used, limit, policy = delta.after.number("used_memory"), delta.after.number("maxmemory"), delta.after.text("maxmemory_policy")
    deleted = sum(delta.commands[c].calls for c in ("del", "unlink", "getdel") if c in delta.commands)
    evicted = delta.counters.get("evicted_keys", 0.0)
    because = [
        f"{evicted:.0f} keys were evicted in {delta.seconds:.1f} s, under {policy}.",
        f"{left} of {watched} watched keys of {row.prefix} ({100 * low:.1f} … {100 * high:.1f} %) left in that time"
        + (f", though they live up to {row.ttl_s:,.0f} s." if row.ttl_s else ", though they have no expiry."),
        f"{crowd.prefix} holds {crowd.bytes_pct or 0:.0f} % of the memory of all keys ({crowd.keys:,} keys).",
        f"used_memory is {used / MIB:,.1f} MiB, maxmemory {limit / MIB:,.1f} MiB.",
        *([f"{delta.hit_pct:.0f} % of lookups found their key."] if delta.hit_pct is not None else []),
    ]
    against = [f"{deleted:.0f} keys were deleted by clients in that time."] if deleted >= evicted else []
    by = "itself" if row is crowd else crowd.prefix
    return Diagnosis(
        Status.PROBLEM, "eviction_churn", f"{row.prefix} evicted by {by}",
        f"Keys of {row.prefix} are evicted before their time; {crowd.prefix} takes the room.",
        {"to_bytes": int(-(-HEADROOM * limit // MIB) * MIB)}, because, [*against, *(f"{p} is evicted too." for p in others)],
        delta.facts(), "set_maxmemory",
    )  # fmt: skip
