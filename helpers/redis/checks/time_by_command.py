"""What the server's one thread spends its time on, by command, from two readings of its own statistics."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.deltas import Delta, watch
from helpers.results import CheckResult, Status

__all__ = ["CommandTime", "rows_of", "time_by_command"]

WATCH_S = 3.0
MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class CommandTime:
    """One command: its share of the time that was watched, in per cent, its calls per second, and what one call takes."""

    command: str
    held_pct: float
    calls_per_s: float
    ms_per_call: float
    failed_per_s: float


async def time_by_command(redis: Redis, *, watch_s: float = WATCH_S) -> CheckResult[CommandTime]:
    """The commands by the time they took while watched, the longest first.

    Args:
        redis: Read-only session.
        watch_s: Seconds between the two readings.

    Returns:
        One row per command that was called, at most 30; this session's own are among them. OK and empty when nothing was called; UNKNOWN
        where INFO commandstats is closed.

    Source: Redis manual, INFO commandstats.
    """
    delta = await watch(redis, window_s=watch_s)
    reason = delta.missing.get("INFO commandstats", "")
    if reason:
        return CheckResult(Status.UNKNOWN, reason=reason, remedy="See helpers/redis/reader_acl.txt.")
    rows = rows_of(delta)
    facts = {"watched_s": round(delta.seconds, 1), "reset": delta.reset}
    if not rows:
        return CheckResult(Status.OK, (), "No command was called.", facts=facts)
    top, busy = rows[0], sum(r.held_pct for r in rows)
    summary = (
        f"{top.command} takes {top.held_pct:.1f} % of the time, {top.ms_per_call:.2f} ms per call; all commands together {busy:.1f} %."
    )
    return CheckResult(Status.OK, rows[:MOST_ROWS], summary, facts=facts)


def rows_of(delta: Delta) -> list[CommandTime]:
    """Return the rows, the longest first; pure."""
    rows = [
        CommandTime(
            name.upper().replace("|", " "), round(c.usec / 1e4 / delta.seconds, 2), round(c.calls / delta.seconds, 1),
            round(c.usec / c.calls / 1000, 3), round(c.failed_calls / delta.seconds, 1),
        )
        for name, c in delta.commands.items()
        if c.calls > 0
    ]  # fmt: skip
    return sorted(rows, key=lambda r: -r.held_pct)
