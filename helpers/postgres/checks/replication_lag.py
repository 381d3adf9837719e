"""How far the standbys are behind this server.

Readers of a standby see the past; and what it has not received would be lost with this server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, many, named, size, skipped, unknown
from helpers.results import CheckResult

__all__ = ["Standby", "judge", "replication_lag"]

MAX_LAG_S = 5.0  # pghero `replication_lag`: 5 s
MAX_LAG_OF_WAL_PCT = 10.0  # of max_wal_size: a standby that reports no time is judged by bytes


@dataclass(frozen=True, slots=True)
class Standby:
    """One receiver of this server's WAL; lag in bytes to what it applied (or flushed, if it applies nothing), and in seconds if known."""

    pid: int
    application_name: str
    client_addr: str | None
    state: str | None
    sync_state: str | None
    lag_bytes: int | None
    lag_s: float | None
    max_wal_bytes: int


async def replication_lag(
    pg: Postgres, *, max_lag_s: float = MAX_LAG_S, max_lag_of_wal_pct: float = MAX_LAG_OF_WAL_PCT
) -> CheckResult[Standby]:
    """Receivers of this server's WAL, the furthest behind first.

    Args:
        pg: Read-only session.
        max_lag_s: Seconds one may be behind.
        max_lag_of_wal_pct: Bytes one may be behind, in per cent of max_wal_size.

    Returns:
        PROBLEM when one is further behind; OK otherwise; SKIPPED when nobody receives; UNKNOWN when the role cannot see positions.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: pghero `replication_lag`, check_postgres `hot_standby_delay`; PostgreSQL manual, pg_stat_replication.

    """
    return judge(await ask(pg, __file__, Standby), max_lag_s=max_lag_s, max_lag_of_wal_pct=max_lag_of_wal_pct)


def judge(rows: Sequence[Standby], *, max_lag_s: float, max_lag_of_wal_pct: float) -> CheckResult[Standby]:
    """Return the status of the receivers; pure."""
    facts = {"max_lag_s": max_lag_s, "max_lag_of_wal_pct": max_lag_of_wal_pct}
    if not rows:
        return skipped("Nobody receives WAL from this server.", facts=facts)
    if any(row.state is None for row in rows):
        return unknown("This role cannot see how far receivers are.", rows=rows, facts=facts)

    def behind(row: Standby) -> bool:
        return (row.lag_s or 0.0) > max_lag_s or (row.lag_bytes or 0) > row.max_wal_bytes * max_lag_of_wal_pct / 100

    def said(row: Standby) -> str:
        return f"{row.application_name} ({size(row.lag_bytes or 0)}" + (f", {age(row.lag_s)})" if row.lag_s is not None else ")")

    return judged(
        rows,
        behind,
        problem=lambda bad: f"Behind this server: {named([said(r) for r in bad])}.",
        fine=f"{many(len(rows), 'receiver keeps', 'receivers keep')} up.",
        facts=facts,
    )
