"""What the slow log holds, by command and kind of key.

Times are the server's own, without the network and without waiting for the commands before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from helpers.redis.connect import Redis
from helpers.redis.deltas import ENTRIES
from helpers.redis.prefixes import shape
from helpers.redis.replies import SlowCommand, parse_slowlog
from helpers.results import CheckResult, Status

__all__ = ["SlowGroup", "group", "slow_log"]

_KEYLESS = frozenset({"SCAN", "KEYS", "INFO", "CONFIG", "CLIENT", "SLOWLOG", "EVAL", "EVALSHA", "FCALL", "PUBLISH", "FLUSHDB", "FLUSHALL"})


@dataclass(frozen=True, slots=True)
class SlowGroup:
    """The entries of one command on one kind of key by clients of one name."""

    command: str
    key: str
    client_name: str
    times: int
    total_ms: float
    max_ms: float
    last_at: datetime


async def slow_log(redis: Redis, *, entries: int = ENTRIES) -> CheckResult[SlowGroup]:
    """The latest entries of the slow log, grouped, the most time first.

    Args:
        redis: Read-only session.
        entries: Entries read, at most 256.

    Returns:
        OK with rows, whatever they say: an old entry is no incident (slow_command watches new ones). Empty when the log is.

    Raises:
        Refused: the service has no SLOWLOG, or the ACL forbids it.

    Source: Redis manual, SLOWLOG GET.
    """
    rows = group(parse_slowlog(await redis.ask("SLOWLOG GET", entries)))
    if not rows:
        return CheckResult(Status.OK, summary="The slow log is empty.")
    first, count = rows[0], sum(r.times for r in rows)
    text = f"{count} entries; most time in {first.command} {first.key}: {first.times} × up to {first.max_ms:.0f} ms.".replace("  ", " ")
    return CheckResult(Status.OK, rows, text, facts={"entries": count})


def group(entries: Sequence[SlowCommand]) -> list[SlowGroup]:
    """Return the entries by command, kind of key and client; pure."""
    found: dict[tuple[str, str, str], list[SlowCommand]] = {}
    for entry in entries:
        command, words = entry.command.partition(" ")[0], entry.arguments
        keyed = len(words) > 1 and command not in _KEYLESS
        found.setdefault((command, shape(words[1]) if keyed else "", entry.client_name), []).append(entry)
    rows = [
        SlowGroup(
            command, key, client, len(some), round(sum(e.duration_ms for e in some), 3), max(e.duration_ms for e in some),
            datetime.fromtimestamp(max(e.at_s for e in some), UTC),
        )
        for (command, key, client), some in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda r: -r.total_ms)
