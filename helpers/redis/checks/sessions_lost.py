"""Why users are logged out: their sessions live shorter, went with a restart or a flush, or are looked for under another prefix.

A session that is gone is looked up, missed, and made anew: so the misses and the new sessions tell which prefix it is about. Told apart:
sessions that are evicted, refused writes, and caches that fill, whose misses make no sessions.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import BadAnswer, Refused
from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.population import Look, Population, between, look
from helpers.redis.session_prefixes import FEWEST, explains, session_prefixes
from helpers.redis.sessions import Reason, reason_of, young
from helpers.results import Diagnosis, Status

__all__ = ["Seen", "judge", "sessions_lost"]

ALLOWED_PCT = 20.0  # a session is looked up by what the server itself gave out: nearly all are found
WATCH_S = 4.0
SOME = 0.1  # new sessions per miss
SCANS_S = 30.0  # for all prefixes together, twice: a check has 90 s


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts: what was counted while nobody scanned, the sessions by prefix, and INFO's and CONFIG's word on what is kept."""

    delta: Delta
    populations: Sequence[Population]
    flushes: float = 0.0
    keeps: str = ""


async def sessions_lost(
    redis: Redis, *, prefix: str = "", ttl_s: float = 0.0, allowed_pct: float = ALLOWED_PCT, watch_s: float = WATCH_S
) -> Diagnosis:
    """The prefix whose sessions are lost, and the reason.

    Args:
        redis: Read-only session.
        prefix: The sessions' prefix, `app:s:{id}`; empty: one that is called as sessions are.
        ttl_s: How long a session is meant to live, in s; 0: as long as the older ones do.
        allowed_pct: Share of lookups, in per cent, that may find no key.
        watch_s: Seconds the lookups are counted.

    Returns:
        PROBLEM with code sessions_lost and subject `PREFIX: REASON`; another code when the counters show another failure mode; OK when
        lookups find their keys; UNKNOWN when no prefix of sessions is known, its new keys do not explain the misses, or no reason shows.

    Source: Redis manual, INFO stats, persistence, commandstats; Little 1961 (arrivals).
    """
    names = await session_prefixes(redis, prefix)
    budget_s = SCANS_S / max(len(names), 1)
    first = {name: await look(redis, name, budget_s=budget_s) for name in names}
    before = await read(redis)
    await asyncio.sleep(watch_s)
    delta = subtract(before, await read(redis))
    last = {name: await look(redis, name, budget_s=budget_s) for name in names}
    flushes = sum(_calls(delta.after.text(f"cmdstat_{name}")) for name in ("flushall", "flushdb"))
    seen = Seen(delta, _populations(first, last), flushes, await _keeps(redis, delta))
    return judge(seen, prefix=prefix, ttl_s=ttl_s, allowed_pct=allowed_pct)


def _populations(first: dict[str, Look], last: dict[str, Look]) -> list[Population]:
    return [between(name, first[name], last[name]) for name in first]


def _calls(statistics: str) -> float:
    found = re.search(r"calls=(\d+)", statistics)
    return float(found[1]) if found else 0.0


async def _keeps(redis: Redis, delta: Delta) -> str:
    """Return in words what the server keeps over a restart; empty where it does not tell."""
    try:
        found = await redis.settings("save", "appendonly")
    except (Refused, BadAnswer):  # a managed service keeps CONFIG to itself; INFO is what remains
        return ""
    if "save" not in found:
        return ""
    aof = delta.after.number("aof_enabled") or found.get("appendonly") == "yes"
    return f"snapshots {found['save'] or 'off'}, append-only file {'on' if aof else 'off'}"


def judge(seen: Seen, *, prefix: str = "", ttl_s: float = 0.0, allowed_pct: float = ALLOWED_PCT) -> Diagnosis:
    """Return what the facts add up to; pure."""
    delta = seen.delta
    other = blind(delta, "stats", "server") or neighbour(delta, own="sessions_lost")
    if other:
        return other
    misses, hits = delta.counters.get("keyspace_misses", 0.0), delta.counters.get("keyspace_hits", 0.0)
    missed = 100 * misses / (hits + misses) if hits + misses >= FEWEST else 0.0
    if missed <= allowed_pct:
        return Diagnosis(Status.OK, summary=f"{missed:.0f} % of {hits + misses:.0f} lookups found no key; {allowed_pct:g} % are all right.")
    if not seen.populations:
        return _unknown(seen, missed, "no prefix is called as sessions are: give the prefix of the sessions")
    return _explained(seen, missed, misses / delta.seconds, ttl_s)


def _explained(seen: Seen, missed: float, per_s: float, ttl_s: float) -> Diagnosis:
    """Return the reason why the prefix whose new sessions explain the misses is missed."""
    about = [p for p in seen.populations if explains(p.made_in_all, per_s * p.watched_s)]
    if not about:
        return _few(seen, missed, per_s)
    own = max(about, key=lambda p: p.made)
    reason = reason_of(own, seen.populations, seen.delta.after, flushes=seen.flushes, keeps=seen.keeps, ttl_s=ttl_s)
    if reason is None:
        whole = "" if own.complete else "; not all keys could be looked at"
        why = f"{own.made_per_s:.1f} of {own.prefix} are made anew a second, and nothing says why{whole}"
        return _unknown(seen, missed, f"{why}: give ttl_s, how long they are meant to live, or watch longer")
    return _named(seen, own, reason, missed, per_s)


def _few(seen: Seen, missed: float, per_s: float) -> Diagnosis:
    """Other keys are missed, unless more sessions are made than there should be, or a prefix could not be looked at whole."""
    told = ", ".join(f"{p.made_per_s:.1f} of {p.prefix}" for p in seen.populations)
    if any(not p.complete or _more_than_usual(p, per_s * p.watched_s) for p in seen.populations):
        why = f"sessions are made anew at another rate ({told} a second): only some of the misses are theirs, if any. Watch longer"
        return _unknown(seen, missed, why)
    said = f"{missed:.0f} % of lookups found no key, but few sessions are made anew ({told} a second): it is not sessions that are missed."
    return Diagnosis(Status.OK, summary=said, facts=seen.delta.facts())


def _more_than_usual(own: Population, misses: float) -> bool:
    """Whether so many new ones are more than logins: not by far fewer than the misses, and more than those that end (Little's law)."""
    return own.made >= FEWEST and SOME * misses <= own.made and (young(own) or own.made > 2 * own.due(own.expiring))


def _unknown(seen: Seen, missed: float, why: str) -> Diagnosis:
    return Diagnosis(Status.UNKNOWN, summary=f"{missed:.0f} % of lookups found no key, but {why}.", facts=seen.delta.facts())


def _named(seen: Seen, own: Population, reason: Reason, missed: float, per_s: float) -> Diagnosis:
    because = [
        f"{missed:.0f} % of lookups found no key ({per_s:.1f} a second).",
        f"{own.made_per_s:.1f} keys of {own.prefix} were made anew a second; they live {own.made_ttl_s:,.0f} s.",
        *reason.because,
        "No key was evicted in that time.",
    ]
    target: dict[str, Any] = {"prefix": own.prefix, "reason": reason.kind, "detail": reason.detail}
    summary = f"Users are logged out: {reason.said}"
    subject = f"{own.prefix}: {reason.name}"
    return Diagnosis(Status.PROBLEM, "sessions_lost", subject, summary, target, because, [], seen.delta.facts(), "keep_sessions")
