"""Tables whose dead rows autovacuum should have removed by now.

Dead rows make every scan longer. A few are normal; a table well past its own autovacuum threshold is one that autovacuum does not
reach, or cannot clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import ask, judged, many, named
from helpers.results import CheckResult

__all__ = ["DeadRows", "dead_rows", "judge"]

MAX_FACTOR = 2.0  # autovacuum comes by every autovacuum_naptime, so a table just past its threshold is no sign of anything


@dataclass(frozen=True, slots=True)
class DeadRows:
    """One table; `threshold` is where autovacuum starts, from the server's and the table's own settings.

    `due` is False when it was vacuumed so lately that autovacuum has not looked again since.
    """

    table: str
    dead_rows: int
    rows: float
    threshold: float
    autovacuum: bool
    vacuumed_ago_s: float | None
    due: bool


async def dead_rows(pg: Postgres, *, max_factor: float = MAX_FACTOR) -> CheckResult[DeadRows]:
    """Tables with dead rows, the one furthest past its own autovacuum threshold first.

    Args:
        pg: Read-only session.
        max_factor: How many times its threshold a table's dead rows may be.

    Returns:
        PROBLEM when one is past that, or past its threshold with autovacuum off; OK otherwise. Numbers are the server's estimates.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "The Autovacuum Daemon"; other tools: check_postgres `last_autovacuum` 1 and 2 days, postgres_dba.

    """
    return judge(await ask(pg, __file__, DeadRows), max_factor=max_factor)


def judge(rows: Sequence[DeadRows], *, max_factor: float) -> CheckResult[DeadRows]:
    """Return the status of the tables; pure."""
    return judged(
        rows,
        lambda row: row.due and row.dead_rows > row.threshold * (max_factor if row.autovacuum else 1.0),
        problem=lambda bad: (
            f"{many(len(bad), 'table holds', 'tables hold')} more dead rows than autovacuum should leave: "
            f"{named([f'{r.table} ({r.dead_rows:,} dead, {r.threshold:,.0f} start autovacuum' + ('' if r.autovacuum else ', which is off') + ')' for r in bad])}."
        ),
        fine="No table holds more dead rows than autovacuum should leave.",
        facts={"max_factor": max_factor},
    )
