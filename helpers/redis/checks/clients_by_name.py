"""Who is connected: clients by name or address and by what they do, with the slots and the memory they hold.

A client without a name is counted by its address. CLIENT SETNAME in the application's connection settings makes this readable.
"""

from __future__ import annotations

from helpers.redis.clients import ClientGroup, grouped, limits, listed, named, slots
from helpers.redis.connect import Redis
from helpers.results import CheckResult, Status

__all__ = ["clients_by_name"]

MOST_ROWS = 30
IDLE_S = 300.0
FULL_PCT = 80.0


async def clients_by_name(redis: Redis, *, idle_s: float = IDLE_S, full_pct: float = FULL_PCT) -> CheckResult[ClientGroup]:
    """One row per name and doing, the one with the most clients first.

    Args:
        redis: Read-only session.
        idle_s: Seconds without a command after which a client counts as idle.
        full_pct: Per cent of the client slots from which on it is a PROBLEM.

    Returns:
        At most 30 groups, the one with most buffers among them; PROBLEM when the slots are nearly taken; UNKNOWN when CLIENT LIST is closed
        or the service does not tell its limit.

    Source: Redis manual, CLIENT LIST; INFO clients.
    """
    info = await redis.info("clients")
    taken, there_are = slots(info, await limits(redis, info))
    rows = grouped(await listed(redis), idle_s=idle_s)
    full = there_are > 0 and 100 * taken / there_are >= full_pct
    of = f" of {there_are:.0f}" if there_are else ""
    summary = f"{taken:.0f}{of} client slots are taken" + (f", most by {named(rows[:2])}." if rows else ".")
    shown = [*rows[: MOST_ROWS - 1], *sorted(rows[MOST_ROWS - 1 :], key=lambda r: -r.buffers_bytes)[:1]]
    if not there_are:
        return CheckResult(Status.UNKNOWN, shown, summary, "The service does not tell how many clients it takes.", "See its plan.")
    return CheckResult(Status.PROBLEM if full else Status.OK, shown, summary, facts={"taken": taken, "maxclients": there_are})
