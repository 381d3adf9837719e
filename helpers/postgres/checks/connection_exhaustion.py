"""Which application holds the connections, and whether it leaks them or opens too many.

A leak keeps sessions it does not use any more: they grow old, idle. A fan-out opens and closes more than there are: many clients, or
sessions replaced within seconds. Sessions that pile up behind a lock or a slow statement are a consequence: their cause is named instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from helpers.postgres.checks.lock_contention import lock_contention
from helpers.postgres.connect import Postgres
from helpers.postgres.holders import HEADROOM_PCT, Holding, by_application, fan_out, leak
from helpers.postgres.judging import GRANT
from helpers.postgres.limits import MAX_USED_PCT, ConnectionLimit, fullest
from helpers.postgres.sessions import LONGEST_IDLE_S, LOOKS, PAUSE_S, Look, several_looks
from helpers.results import Diagnosis, Status

__all__ = ["connection_exhaustion", "judge"]

DIP_PCT = 10.0  # sessions that are replaced all the time are fewer for a moment: that is not room
MOST_LOOKS = 15  # sessions held for half a minute are seen to be replaced by then; a pool keeps its own for minutes


async def connection_exhaustion(
    pg: Postgres,
    *,
    max_used_pct: float = MAX_USED_PCT,
    longest_idle_s: float = LONGEST_IDLE_S,
    headroom_pct: float = HEADROOM_PCT,
    looks: int = LOOKS,
    pause_s: float = PAUSE_S,
) -> Diagnosis:
    """The application that takes up the connections, seen in every look.

    Args:
        pg: Read-only session; this program's own sessions do not count.
        max_used_pct: Share of a limit on connections that may be taken, in per cent.
        longest_idle_s: Seconds a session may be idle before it counts as left behind.
        headroom_pct: Share of the limit that is to be free afterwards, in per cent.
        looks: How often the sessions are read; up to 15 times where one application holds them but used them lately.
        pause_s: Seconds between two looks.

    Returns:
        PROBLEM with code connection_exhaustion and subject `application_name (leak)` or `application_name (fan-out)`; PROBLEM with
        another code when the sessions wait for a lock; OK when a limit is not reached; UNKNOWN when no one application is to blame.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `backends`; PostgreSQL manual, max_connections and pg_stat_activity.

    """
    seen = await several_looks(pg, looks=looks, pause_s=pause_s)
    limits = {"max_used_pct": max_used_pct, "longest_idle_s": longest_idle_s, "headroom_pct": headroom_pct}
    found = judge(seen, sees_everyone=pg.sees_everyone, **limits)
    while found.facts.get("used_lately") and len(seen) < MOST_LOOKS:
        await asyncio.sleep(pause_s)
        seen += await several_looks(pg, looks=1)
        found = judge(seen, sees_everyone=pg.sees_everyone, **limits)
    if found.facts.get("wait_for_locks"):
        queue = await lock_contention(pg)
        return queue if queue.status is Status.PROBLEM else found
    return found


def judge(
    looks: Sequence[Look], *, sees_everyone: bool, max_used_pct: float, longest_idle_s: float, headroom_pct: float = HEADROOM_PCT
) -> Diagnosis:
    """Return what several looks at the sessions add up to; pure."""
    full = [number for number, look in enumerate(looks) if fullest(look.limits).pct >= max_used_pct]
    limit = fullest(looks[full[-1] if full else -1].limits)
    if not full:
        return Diagnosis(Status.OK, summary=f"{limit} are taken ({limit.pct:.0f} %).")
    if any(fullest(look.limits, limit.key).pct < max_used_pct - DIP_PCT for look in looks):
        return Diagnosis(Status.OK, summary=f"{limit} are taken, but only for a moment: the number goes up and down by itself.")
    if not sees_everyone:
        return Diagnosis(
            Status.UNKNOWN, summary=f"{limit} are taken; what they do is hidden from this role: {GRANT}", facts={"limit": str(limit)}
        )
    holders = by_application(looks[: full[-1] + 1], limit, longest_idle_s)
    waiting = sum(s.waits_for_lock for holder in holders for s in holder.sessions)
    if waiting and 2 * waiting >= limit.used:
        return _undecided(limit, holders, f"{waiting} of these sessions wait for a lock.", wait_for_locks=True)
    for kind in (fan_out, leak):
        found = kind(holders, limit, longest_idle_s=longest_idle_s, headroom_pct=headroom_pct)
        if found is not None:
            return found
    why = _why_not(holders[0], limit, headroom_pct)
    lately = f"{holders[0].name} has most, but they were used within the last {longest_idle_s:g} s."
    return _undecided(limit, holders, why or lately, used_lately=not why)


def _undecided(limit: ConnectionLimit, holders: Sequence[Holding], why: str, **facts: bool) -> Diagnosis:
    most = "; ".join(holder.told() for holder in holders[:3])
    return Diagnosis(
        Status.UNKNOWN,
        summary=f"{limit} are taken, and no one application is to blame for it. {why} Most are held by: {most}.",
        facts={"limit": str(limit), **facts},
    )


def _why_not(most: Holding, limit: ConnectionLimit, headroom_pct: float) -> str:
    if len(most.sessions) < limit.excess(headroom_pct):
        return "Without any one of them it would still be full: the pools together are larger than the server allows. Use a pooler."
    if most.count("active") * 2 >= len(most.sessions):
        return f"{most.name} works in most of its sessions: its statements are slow, or its pools too large. `runbook run missing_index`."
    return ""
