"""Which counters of a limit never expire, and so lock somebody out for good; or end so early that the limit never fires.

INCR and EXPIRE sent one after the other leave a counter without an expiry when the process dies or the connection drops between the
two. Told apart: a whole prefix without an expiry, counters that are meant to stay, and values that are no counters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.counters import Limit, Limits, gather, integers
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.population import SHORTER, Look, Population, between, look
from helpers.results import Diagnosis, Status

__all__ = ["Seen", "judge", "stuck_rate_limit"]

WATCH_S = 4.0
SCAN_S = 20.0
FEWEST = 3
MOST_NEW = 1000

Values = Mapping[bytes, int | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts: the counters' delta, the limits found, and the integers at the first and the second look."""

    delta: Delta
    limits: Limits
    first: Values
    last: Values
    population: Population | None = None

    def grown(self, keys: list[bytes]) -> int:
        """Return how many of these keys counted up in between."""
        return sum((self.last.get(k) or 0) > (self.first.get(k) or 0) for k in keys if k in self.first and k in self.last)


async def stuck_rate_limit(redis: Redis, *, prefix: str = "", ttl_s: float = 0.0, watch_s: float = WATCH_S) -> Diagnosis:
    """The limit some of whose counters never expire.

    Args:
        redis: Read-only session.
        prefix: A limit's counters, `rate:{id}`; empty: one whose counters were seen counting is named.
        ttl_s: How long one window of the limit is, in s; 0: the longest time to live seen on its other counters. With the prefix, counters
            that end long before that are a cause too.
        watch_s: Seconds the counters are watched.

    Returns:
        PROBLEM with code stuck_rate_limit and the prefix as subject, or another code when the whole prefix lacks an expiry or the server's
        counters show another failure mode; OK when every such counter expires; UNKNOWN when nothing was seen counting.

    Source: Redis manual, INCR (pattern: rate limiter).
    """
    before = await read(redis)
    limits = await gather(redis, prefix=prefix)
    keys = [key for row in limits.rows for key in (*row.stuck, *row.siblings)]
    first = await integers(redis, keys)
    then = await look(redis, prefix, budget_s=SCAN_S) if prefix and ttl_s else None
    await asyncio.sleep(watch_s)
    last = await integers(redis, keys)
    population = await _made(redis, prefix, then) if then else None
    still = await redis.ask_many([("PTTL", key) for row in limits.rows for key in row.stuck], lines=True)
    gone = {key for key, ttl in zip((k for row in limits.rows for k in row.stuck), still, strict=True) if ttl != -1}
    seen = Seen(subtract(before, await read(redis)), without(limits, gone), first, last, population)
    return judge(seen, prefix=prefix, ttl_s=ttl_s)


async def _made(redis: Redis, prefix: str, then: Look) -> Population | None:
    """Return what was made of the prefix since, if these are integers."""
    now = await look(redis, prefix, budget_s=SCAN_S)
    new = [key for key in now.ttls if key not in then.ttls][:MOST_NEW]
    found = await integers(redis, new)
    return between(prefix, then, Look(now.at, {k: t for k, t in now.ttls.items() if k in found or k in then.ttls}, now.complete))


def without(limits: Limits, gone: set[bytes]) -> Limits:
    """Return the limits without the counters that got their expiry meanwhile; pure."""
    rows = []
    for row in limits.rows:
        stuck = [key for key in row.stuck if key not in gone]
        bare = row.bare - (len(row.stuck) - len(stuck))
        if stuck:
            rows.append(Limit(row.prefix, row.expiring, bare, row.window_s, stuck, row.siblings))
    return Limits(tuple(rows), limits.complete, limits.seen)


def judge(seen: Seen, *, prefix: str = "", ttl_s: float = 0.0) -> Diagnosis:
    """Return what the facts add up to; pure."""
    other = blind(seen.delta, "stats") or neighbour(seen.delta, own="stuck_rate_limit")
    if other:
        return other
    if not seen.limits.rows:
        return _ends_early(seen, seen.population, ttl_s) if seen.population else _none(seen, prefix)
    rows = sorted(seen.limits.rows, key=lambda r: (-_proof(seen, r), -r.bare))
    row = rows[0]
    if prefix and row.bare > row.expiring:
        said = f"{row.bare:,} of {row.bare + row.expiring:,} counters of {prefix} have no expiry: it is not given at all."
        return Diagnosis(Status.PROBLEM, "missing_ttl", prefix, said, because=[said], facts=seen.delta.facts())
    if not prefix and not _proof(seen, row):
        return _not_seen(seen, row)
    if not (ttl_s or row.window_s):
        return Diagnosis(Status.UNKNOWN, summary=f"No counter of {row.prefix} expires, so one window's length is not known: give ttl_s.")
    return _named(seen, row, ttl_s or row.window_s, [r for r in rows[1:] if _proof(seen, r)])


def _ends_early(seen: Seen, made: Population, ttl_s: float) -> Diagnosis:
    """Name counters that end long before their window; what was made while it was watched is no older than that."""
    lives_s = made.made_ttl_s + made.watched_s
    if made.made < FEWEST or lives_s * SHORTER >= ttl_s:
        return _none(seen, made.prefix)
    said = f"The counters of {made.prefix} end {lives_s:,.1f} s after they began, at the latest, though a window is {ttl_s:,.0f} s: each counts anew."
    because = [
        f"{made.made} counters that were made within {made.watched_s:.1f} s had {made.made_ttl_s:,.3f} s left at most.",
        f"{seen.delta.counters.get('expired_keys', 0.0):.0f} keys expired in that time.",
        *_commands(seen.delta),
    ]
    target = {"prefix": made.prefix, "ttl_s": float(ttl_s)}
    return Diagnosis(
        Status.PROBLEM,
        "stuck_rate_limit",
        made.prefix,
        f"The limit never fires. {said}",
        target,
        because,
        [],
        seen.delta.facts(),
        "count_atomically",
    )


def _proof(seen: Seen, row: Limit) -> int:
    """How many were seen counting: those without an expiry, and else those beside them."""
    return seen.grown(row.stuck) or seen.grown(row.siblings)


def _none(seen: Seen, prefix: str) -> Diagnosis:
    whose = f"of {prefix} " if prefix else "of a prefix whose counters expire "
    if not seen.limits.complete:
        said = (
            f"None {whose}lacks its expiry among {seen.limits.seen:,} keys, and the time was up: give the prefix of the limit's counters."
        )
        return Diagnosis(Status.UNKNOWN, summary=said)
    return Diagnosis(Status.OK, summary=f"No counter {whose}lacks its expiry.", facts=seen.delta.facts())


def _not_seen(seen: Seen, row: Limit) -> Diagnosis:
    hidden = any(value is None for value in seen.first.values())
    why = "values may not be read (allow +getrange)" if hidden else "none was seen counting"
    return Diagnosis(
        Status.UNKNOWN,
        summary=f"{row.bare:,} integers of {row.prefix} have no expiry and {row.expiring:,} have one, but {why}: they may be meant to stay. "
        "If they are a limit's counters, give the prefix.",
        facts=seen.delta.facts(),
    )


def _named(seen: Seen, row: Limit, window_s: float, others: list[Limit]) -> Diagnosis:
    values = [v for k in row.stuck if (v := seen.last.get(k)) is not None]
    beside = [v for k in row.siblings if (v := seen.last.get(k)) is not None]
    because = [
        f"{row.bare:,} counters of {row.prefix} have no expiry; {row.expiring:,} have one, of up to {row.window_s:,.0f} s.",
        f"{seen.grown(row.stuck)} of {len(row.stuck)} without an expiry and {seen.grown(row.siblings)} of {len(row.siblings)} with one "
        f"counted up within {seen.delta.seconds:.0f} s.",
        *(
            [f"Those without an expiry stand at up to {max(values):,}, those with one at up to {max(beside):,}."]
            if values and beside
            else []
        ),
        *_commands(seen.delta),
    ]
    partly = [] if seen.limits.complete else [f"Only {seen.limits.seen:,} keys were looked at: there may be more."]
    summary = (
        f"{row.bare:,} of {row.bare + row.expiring:,} counters of {row.prefix} never expire and count for ever: INCR came, and the EXPIRE "
        "after it did not (the process died, or the connection dropped, between the two)."
    )
    return Diagnosis(
        Status.PROBLEM, "stuck_rate_limit", row.prefix, summary, {"prefix": row.prefix, "ttl_s": float(window_s)}, because,
        [*(f"{r.prefix} has {r.bare:,} such counters too." for r in others), *partly], seen.delta.facts(), "expire_counters",
    )  # fmt: skip


def _commands(delta: Delta) -> list[str]:
    """How counters are made and given their expiry, as the command statistics tell."""
    names = ("incr", "incrby", "expire", "pexpire", "multi", "eval", "evalsha", "fcall")
    counts = [f"{name.upper()} {delta.commands[name].calls:.0f}" for name in names if name in delta.commands]
    apart = not any(name in delta.commands for name in ("multi", "eval", "evalsha", "fcall"))
    ends = "; no MULTI and no script, so the two are sent apart." if apart else "."
    return [f"Commands in that time: {', '.join(counts)}{ends}"] if counts else []
