"""Why sessions of one prefix are missing, told from how long they and others live, and from what the server went through; pure.

In this order, the surest first: new ones live shorter than old ones; the old ones are still there under another prefix; all keys were
flushed; the server was restarted and had kept nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.redis.deltas import Reading
from helpers.redis.population import SHORTER, Population
from helpers.redis.prefixes import ID, NAME

__all__ = ["Reason", "reason_of", "young"]

DUE = 5.0  # arrivals that must have been seen, had they gone on: none has a chance of 0.7 % (Poisson)
FEWEST = 20  # keys: where they end all along, one of twenty ends in the first tenth with 88 %
YOUNG = 0.1  # all keys have this share of their life, at least, behind them in a store that was never emptied
SLACK_S = 5.0
NOTHING = "snapshots off"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its `kind` for the fix, its `name` in the subject, a sentence, the evidence, and the `detail` the fix's text needs."""

    kind: str
    name: str
    said: str
    because: tuple[str, ...]
    detail: str = ""


def reason_of(
    own: Population, everyone: Sequence[Population], now: Reading, *, flushes: float, keeps: str, ttl_s: float = 0.0
) -> Reason | None:
    """Return why sessions of `own` are missed, or None when nothing says.

    Args:
        own: The prefix under which sessions are made now.
        everyone: Every prefix that is called as sessions are.
        now: INFO.
        flushes: FLUSHALL and FLUSHDB since the server started.
        keeps: What it keeps over a restart, in words.
        ttl_s: How long a session is meant to live, in s; 0: not known.

    """
    emptied = young(own) and not any(p.expiring >= FEWEST and not young(p) for p in everyone)  # else others outlived it
    return _shortened(own, ttl_s) or _moved(own, everyone) or (_emptied(own, now, flushes, keeps) if emptied else None)


def _shortened(own: Population, ttl_s: float) -> Reason | None:
    name = "time to live shortened"
    if ttl_s and own.made_ttl_s * SHORTER < ttl_s:
        told = f"Sessions are meant to live {ttl_s:,.0f} s: that was given."
        return Reason("ttl", name, f"new sessions of {own.prefix} live {own.made_ttl_s:,.0f} s only.", (told,), f"{ttl_s:.0f}")
    if own.outliving < FEWEST or own.due(own.outliving) < DUE:
        return None
    because = (
        f"{own.outliving:,} older ones live on for up to {own.longest_s:,.0f} s. Had such been made all along, {own.due(own.outliving):.0f} "
        f"would have come in {own.watched_s:.0f} s; none did.",
    )
    return Reason(
        "ttl", name, f"new sessions of {own.prefix} live {own.made_ttl_s:,.0f} s, older ones longer.", because, f"{own.longest_s:.0f}"
    )


def _moved(own: Population, everyone: Sequence[Population]) -> Reason | None:
    """The prefix that is akin, has keys that still live, and gets no new ones though it should."""
    left = [p for p in everyone if p.prefix != own.prefix and not p.made and p.expiring >= FEWEST and p.due(p.expiring) >= DUE]
    akin = [p for p in left if _words(p.prefix) & _words(own.prefix)]
    if not akin:
        return None
    old = max(akin, key=lambda p: p.keys)
    because = (
        f"{old.keys:,} keys of {old.prefix} still live, for up to {old.longest_s:,.0f} s, and none was made in {old.watched_s:.0f} s, where "
        f"{old.due(old.expiring):.0f} were due.",
    )
    said = f"sessions are looked for under {own.prefix}, and those of before are under {old.prefix}."
    return Reason("prefix", f"prefix changed from {old.prefix}", said, because, old.prefix)


def _words(prefix: str) -> set[str]:
    bare = prefix.replace(ID, " ").replace(NAME, " ").lower()
    return {w for w in "".join(c if c.isalpha() else " " for c in bare).split() if len(w) > 2}


def young(own: Population) -> bool:
    """Return whether every session was made a part of its life ago only: a store that was never emptied has some about to end; pure."""
    lives_s = max(own.longest_s, own.made_ttl_s)
    return own.complete and own.expiring >= FEWEST and own.shortest_s > YOUNG * lives_s


def _emptied(own: Population, now: Reading, flushes: float, keeps: str) -> Reason | None:
    uptime_s = now.number("uptime_in_seconds")
    began = f"The oldest session of {own.prefix} is {own.began_s:,.0f} s old, though they live {own.longest_s:,.0f} s."
    if flushes:
        told = f"{flushes:.0f} FLUSHALL or FLUSHDB were sent since the server started."
        return Reason("flush", "keys flushed", f"the keys of {own.prefix} were deleted by a flush.", (began, told))
    if own.began_s > uptime_s + SLACK_S or uptime_s > own.longest_s:
        return None
    unknown = "rdb_last_load_keys_loaded" not in now.info and not keeps.startswith(NOTHING)  # 7.0+; else what it may keep tells
    if unknown or now.number("rdb_last_load_keys_loaded") or now.number("aof_enabled"):
        return None
    because = (began, f"The server was started {uptime_s:,.0f} s ago and loaded no key.", *([f"It keeps: {keeps}."] if keeps else []))
    return Reason(
        "restart", "restart without persistence", f"the server was restarted and had kept nothing of {own.prefix}.", because, keeps
    )
