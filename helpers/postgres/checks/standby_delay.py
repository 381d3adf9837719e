"""How far this standby is behind its primary.

Whoever reads here sees the past. A standby that has replayed all it received is up to date, however long ago that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, size, skipped
from helpers.results import CheckResult

__all__ = ["Replay", "judge", "standby_delay"]

MAX_DELAY_S = 5.0  # pghero `replication_lag`: 5 s


@dataclass(frozen=True, slots=True)
class Replay:
    """How this standby replays: bytes received and not yet replayed, age of the last replayed commit, and whether WAL is received."""

    standby: bool
    receiving: bool
    paused: bool
    waiting_bytes: int | None
    last_commit_ago_s: float | None


async def standby_delay(pg: Postgres, *, max_delay_s: float = MAX_DELAY_S) -> CheckResult[Replay]:
    """How this standby replays (one row).

    Args:
        pg: Read-only session.
        max_delay_s: Seconds the last replayed commit may be old while more is waiting.

    Returns:
        PROBLEM when it is older, replay is paused, or no WAL is received; OK otherwise; SKIPPED on a primary.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Recovery Information Functions"; pghero `replication_lag`.

    """
    return judge(await ask(pg, __file__, Replay), max_delay_s=max_delay_s)


def judge(rows: Sequence[Replay], *, max_delay_s: float) -> CheckResult[Replay]:
    """Return the status of replay; pure."""
    if not rows or not rows[0].standby:
        return skipped("This server is a primary.")
    row = rows[0]
    late = bool(row.waiting_bytes) and (row.last_commit_ago_s or 0.0) > max_delay_s
    reasons = [
        said
        for said, holds in (
            ("replay is paused", row.paused),
            ("no WAL is received", not row.receiving),
            (f"{size(row.waiting_bytes or 0)} wait, the last commit replayed is {age(row.last_commit_ago_s or 0)} old", late),
        )
        if holds
    ]
    return judged(
        rows,
        lambda _: bool(reasons),
        problem=lambda _: f"This standby is behind: {'; '.join(reasons)}.",
        fine="This standby has replayed what it received.",
        facts={"max_delay_s": max_delay_s},
    )
