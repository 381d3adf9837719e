"""Checkpoints that come because WAL ran full, not because it was time.

Each checkpoint makes the next change of every page write the whole page to WAL. When they come early all the time, the server writes
several times as much; max_wal_size is too small for the load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged
from helpers.results import CheckResult

__all__ = ["Checkpoints", "checkpoints", "judge"]

MIN_CHECKPOINTS = 10
MAX_REQUESTED_PCT = 50.0  # PostgreSQL manual, "WAL Configuration": most should be by time


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Checkpoints since the counters began; `mean_interval_s` between any two, `timeout_s` is checkpoint_timeout."""

    timed: int
    requested: int
    seconds: float
    mean_interval_s: float | None
    timeout_s: float
    max_wal_size: str


async def checkpoints(
    pg: Postgres, *, min_checkpoints: int = MIN_CHECKPOINTS, max_requested_pct: float = MAX_REQUESTED_PCT
) -> CheckResult[Checkpoints]:
    """Checkpoints by time and by request, since the counters began (one row).

    Args:
        pg: Read-only session.
        min_checkpoints: Fewest requested ones to judge by.
        max_requested_pct: Share of requested ones, in per cent, that is a problem when they also come faster than half of
            checkpoint_timeout.

    Returns:
        PROBLEM when both hold; OK otherwise. A CHECKPOINT by hand and a base backup count as requested.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "WAL Configuration", checkpoint_warning; pg_stat_checkpointer (17+), pg_stat_bgwriter before.

    """
    rows = await ask(pg, __file__, Checkpoints)
    return judge(rows, min_checkpoints=min_checkpoints, max_requested_pct=max_requested_pct)


def judge(rows: Sequence[Checkpoints], *, min_checkpoints: int, max_requested_pct: float) -> CheckResult[Checkpoints]:
    """Return the status of the counters; pure."""

    def early(row: Checkpoints) -> bool:
        share = 100.0 * row.requested / max(row.requested + row.timed, 1)
        often = row.mean_interval_s is not None and row.mean_interval_s < row.timeout_s / 2
        return row.requested >= min_checkpoints and share >= max_requested_pct and often

    def said(rows: Sequence[Checkpoints]) -> str:
        row = rows[0]
        return (
            f"{row.requested:,} checkpoints by request and {row.timed:,} by time in {age(row.seconds)}; max_wal_size is {row.max_wal_size}."
        )

    fine = said(rows) if rows else "No checkpoint was counted."
    return judged(rows, early, problem=said, fine=fine, facts={"min_checkpoints": min_checkpoints, "max_requested_pct": max_requested_pct})
