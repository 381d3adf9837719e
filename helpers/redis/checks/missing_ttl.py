"""Which key prefix loses its expiry, or never had the one it is meant to have.

Told apart: keys that are meant to stay (nothing on the server says otherwise, so no cause is named), a full memory, eviction, and
refused writes. A prefix is named when keys of it were seen losing their expiry, or when its time to live was given.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.redis.cohort import Fate, gather, look_again
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.keyspace import sample
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.prefixes import belongs
from helpers.redis.replies import SlowCommand
from helpers.redis.tally import PrefixRow
from helpers.results import Diagnosis, Status

__all__ = ["Seen", "judge", "missing_ttl"]

ALLOWED_PCT = 10.0
WATCH_S = 4.0
FEW_PCT = 1.0  # of all keys: fewer do not fill a memory


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on: the counters' delta, the prefixes, and what became of watched keys by shape."""

    delta: Delta
    rows: Sequence[PrefixRow]
    fates: Mapping[str, Fate]


async def missing_ttl(
    redis: Redis, *, allowed_pct: float = ALLOWED_PCT, prefix: str = "", ttl_s: float = 0.0, watch_s: float = WATCH_S
) -> Diagnosis:
    """The prefix whose keys lose, or lack, the expiry they are meant to have.

    Args:
        redis: Read-only session.
        allowed_pct: Share of all keys, in per cent, that may be without an expiry.
        prefix: A prefix whose keys must expire, `cart:{id}`; empty: only one that is seen losing its expiry is named.
        ttl_s: How long they are meant to live, in s; 0: the longest time to live seen on the prefix's other keys.
        watch_s: Seconds some thousand keys are watched.

    Returns:
        PROBLEM with code missing_ttl and the prefix as subject, or another code when the counters show another failure mode at work; OK
        when few keys lack an expiry; UNKNOWN when many do and nothing says that they are meant to have one.

    Source: Redis manual, SET (KEEPTTL), INFO keyspace.
    """
    before = await read(redis)
    cohort = await gather(redis)
    rows = await sample(redis)
    await asyncio.sleep(watch_s)
    after = await read(redis)
    fates = await look_again(redis, cohort, passed_s=after.at - before.at)
    seen = Seen(subtract(before, after), rows.tally.rows(rows.total_keys) if rows.tally.count else (), fates)
    return judge(seen, allowed_pct=allowed_pct, prefix=prefix, ttl_s=ttl_s)


def judge(seen: Seen, *, allowed_pct: float, prefix: str = "", ttl_s: float = 0.0) -> Diagnosis:
    """Return what the facts add up to; pure."""
    other = blind(seen.delta, "stats", "keyspace") or neighbour(seen.delta, own="missing_ttl")
    if other:
        return other
    keys, expires = seen.delta.after.keys()
    bare = 100 * (keys - expires) / keys if keys else 0.0
    if bare <= allowed_pct:
        return Diagnosis(Status.OK, summary=f"{bare:.1f} % of {keys:,} keys have no expiry; {allowed_pct:g} % are all right.")
    if prefix:
        return _declared(seen, prefix, ttl_s, bare)
    losing = [(row, _lost(seen, row)) for row in seen.rows if row.keys_pct * row.without_ttl_pct >= 100 * FEW_PCT]
    losing = sorted(((row, lost) for row, lost in losing if lost), key=lambda x: -x[0].keys * x[0].without_ttl_pct)
    if not losing:
        return _not_told(seen, bare)
    (row, lost), rest = losing[0], losing[1:]
    because = [
        f"{lost} of {_watched(seen, row)} watched keys of {row.prefix} that had an expiry lost it within {seen.delta.seconds:.0f} s."
    ]
    return _named(seen, row, ttl_s, bare, because, [f"{r.prefix} loses its expiry too ({n} keys)." for r, n in rest])


def _fits(seen: Seen, row: PrefixRow) -> list[Fate]:
    return [
        fate
        for shaped, fate in seen.fates.items()
        if shaped == row.prefix or belongs(shaped.encode("utf-8", "surrogateescape"), row.prefix)
    ]


def _lost(seen: Seen, row: PrefixRow) -> int:
    return sum(fate.lost_expiry for fate in _fits(seen, row))


def _watched(seen: Seen, row: PrefixRow) -> int:
    return sum(fate.watched for fate in _fits(seen, row))


def _declared(seen: Seen, prefix: str, ttl_s: float, bare: float) -> Diagnosis:
    row = next((r for r in seen.rows if r.prefix == prefix), None)
    if row is None:
        known = ", ".join(r.prefix for r in seen.rows[:8])
        return Diagnosis(Status.UNKNOWN, summary=f"There is no prefix {prefix} among those seen: {known}.")
    if row.without_ttl_pct_ci[1] < FEW_PCT:
        return Diagnosis(Status.OK, summary=f"The keys of {prefix} expire; other keys have no expiry.")
    return _named(seen, row, ttl_s, bare, [f"Keys of {prefix} are meant to expire: that was given."], [])


def _named(seen: Seen, row: PrefixRow, ttl_s: float, bare: float, because: list[str], against: list[str]) -> Diagnosis:
    lives_s = ttl_s or math.ceil(row.ttl_s or 0.0)
    low, high = row.without_ttl_pct_ci
    because = [
        *because,
        f"{row.without_ttl_pct:.0f} % ({low:g} … {high:g} %) of about {row.keys:,} keys of {row.prefix} have no expiry.",
        f"{bare:.0f} % of all keys have none.",
        *([f"Its other keys live up to {row.ttl_s:,.0f} s."] if row.ttl_s is not None else []),
        *_commands(seen.delta, row.prefix),
    ]
    never = "lost their expiry, or never had one"
    summary = f"{row.without_ttl_pct:.0f} % of the keys of {row.prefix} {never}, and stay for ever."
    target = {"prefix": row.prefix, "ttl_s": float(lives_s)}
    return Diagnosis(Status.PROBLEM, "missing_ttl", row.prefix, summary, target, because, against, seen.delta.facts(), fix="expire_keys")


def _commands(delta: Delta, prefix: str) -> list[str]:
    """What the command statistics and the slow log tell of how the expiry is dropped."""
    names = ("set", "setex", "getset", "expire", "pexpire", "persist", "hset")
    counts = [f"{name.upper()} {delta.commands[name].calls:.0f}" for name in names if name in delta.commands]
    said = [f"Commands in that time: {', '.join(counts)}."] if counts else []
    entry = next((s for s in delta.after.slow if _drops(s, prefix)), None)
    return said + (
        [f"{entry.client_name or entry.client_addr or 'A client'} sent {entry.command} without an expiry (slow log)."] if entry else []
    )


def _drops(entry: SlowCommand, prefix: str) -> bool:
    """Whether it is a SET of a key of the prefix without expiry, or a PERSIST."""
    words = [w.upper() for w in entry.arguments]
    if len(words) < 2 or not belongs(entry.arguments[1], prefix):
        return False
    return words[0] == b"PERSIST" or (words[0] == b"SET" and not {b"EX", b"PX", b"EXAT", b"PXAT", b"KEEPTTL"} & set(words[3:]))


def _not_told(seen: Seen, bare: float) -> Diagnosis:
    most = sorted(seen.rows, key=lambda r: -r.keys * r.without_ttl_pct)[:3]
    named = ", ".join(f"{r.prefix} ({r.without_ttl_pct:.0f} % of {r.keys:,})" for r in most)
    return Diagnosis(
        Status.UNKNOWN,
        summary=f"{bare:.0f} % of all keys have no expiry, most of {named}; no key was seen losing one. Whether they are meant to expire is not "
        "written on the server: give the prefix and its ttl_s, or watch longer.",
        facts=seen.delta.facts(),
    )
