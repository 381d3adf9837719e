"""Which commands take the server's only thread.

Counted over a window, not since the last restart: a command that ran a million times last month says nothing about now.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.redis.connect import Redis
from helpers.redis.deltas import WINDOW_S, Delta, watch
from helpers.results import CheckResult, Status

__all__ = ["CommandShare", "command_mix", "judge"]

BUSY_PCT = 80.0  # one thread: the rest of a second is what waits behind it
_MOST = 20


@dataclass(frozen=True, slots=True)
class CommandShare:
    """One command over the window; `time_pct` is its share of the commands' time, `thread_pct` of the window's."""

    command: str
    calls_per_s: float
    usec_per_call: float
    time_pct: float
    thread_pct: float
    failed_calls: float


async def command_mix(redis: Redis, *, window_s: float = WINDOW_S) -> CheckResult[CommandShare]:
    """The commands that ran, the one with most time first.

    Args:
        redis: Read-only session; its own few questions are among what is counted.
        window_s: Seconds to watch.

    Returns:
        PROBLEM when the commands keep the thread busy for four fifths of the window; UNKNOWN where commandstats is closed; else OK.

    Source: Redis manual, INFO commandstats; FAULTS D4.
    """
    return judge(await watch(redis, window_s=window_s))


def judge(delta: Delta) -> CheckResult[CommandShare]:
    """Return the rows with what they add up to; pure."""
    closed = delta.missing.get("INFO commandstats")
    if closed or not delta.commands:
        reason = closed or "The service tells nothing of its commands."
        return CheckResult(Status.UNKNOWN, reason=reason, remedy="See helpers/redis/reader_acl.txt.", facts=delta.facts())
    total = sum(c.usec for c in delta.commands.values()) or 1.0
    rows = [
        CommandShare(
            name.replace("|", " ").upper(), round(c.calls / delta.seconds, 1), round(c.usec / c.calls, 1) if c.calls else 0.0,
            round(100 * c.usec / total, 1), round(c.usec / delta.seconds / 1e4, 2), c.failed_calls + c.rejected_calls,
        )
        for name, c in delta.commands.items()
    ]  # fmt: skip
    rows.sort(key=lambda r: -r.time_pct)
    busy = sum(r.thread_pct for r in rows)
    first = rows[0]
    text = f"Commands keep the thread busy for {busy:.0f} % of the time; {first.command} takes {first.time_pct:.0f} % of that."
    facts = {**delta.facts(), "thread_pct": round(busy, 1), "commands": len(rows)}
    return CheckResult(Status.PROBLEM if busy >= BUSY_PCT else Status.OK, rows[:_MOST], text, facts=facts)
