"""How many transactions end in a rollback.

Errors roll back, and so do clients that leave or time out. A share that rises is an application that fails more often than it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.database_counters import Counted, counted, since
from helpers.postgres.judging import judged, named
from helpers.results import CheckResult

__all__ = ["Outcomes", "judge", "rollback_ratio"]

MAX_ROLLBACK_PCT = 10.0  # check_postgres `commitratio` has no default; one in ten is this project's own
MIN_TRANSACTIONS = 1000


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Transactions of one database over `seconds`, this session's own questions (each rolled back) taken off."""

    database: str
    commits: int
    rollbacks: int
    rollback_pct: float
    seconds: float
    how: str


async def rollback_ratio(
    pg: Postgres, *, window_s: float = 0.0, max_rollback_pct: float = MAX_ROLLBACK_PCT, min_transactions: int = MIN_TRANSACTIONS
) -> CheckResult[Outcomes]:
    """Commits and rollbacks by database, the largest share of rollbacks first.

    Args:
        pg: Read-only session.
        window_s: Seconds to watch; 0 takes everything since the counters began.
        max_rollback_pct: Share of rollbacks, in per cent, that is a problem.
        min_transactions: Fewest transactions to judge by.

    Returns:
        PROBLEM when a database rolls back more; OK otherwise. Tools that only read and roll back count too.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `commitratio`; PostgreSQL manual, pg_stat_database.xact_rollback.

    """
    ours = float(pg.footprint()["queries"])
    databases = await counted(pg, window_s=window_s)
    own = float(pg.footprint()["queries"]) - (ours if window_s else 0.0)
    here = str(await pg.value("select current_database()"))
    return judge(databases, max_rollback_pct=max_rollback_pct, min_transactions=min_transactions, own={here: own})


def judge(databases: Sequence[Counted], *, max_rollback_pct: float, min_transactions: int, own: dict[str, float]) -> CheckResult[Outcomes]:
    """Return the status of the counters; pure."""
    rows = [_row(one, own.get(one.database, 0.0)) for one in databases]
    return judged(
        sorted(rows, key=lambda row: -row.rollback_pct),
        lambda row: row.rollback_pct > max_rollback_pct and row.commits + row.rollbacks >= min_transactions,
        problem=lambda bad: f"Many transactions roll back: {named([f'{r.database} ({r.rollback_pct:.0f} % {r.how})' for r in bad])}.",
        fine=f"No database rolls back more than {max_rollback_pct:g} % of its transactions.",
        facts={"max_rollback_pct": max_rollback_pct, "min_transactions": min_transactions},
    )


def _row(one: Counted, own: float) -> Outcomes:
    commits, rollbacks = one.values["xact_commit"], max(one.values["xact_rollback"] - own, 0.0)
    share = 100.0 * rollbacks / (commits + rollbacks) if commits + rollbacks else 0.0
    return Outcomes(one.database, int(commits), int(rollbacks), round(share, 1), round(one.seconds, 1), since(one))
