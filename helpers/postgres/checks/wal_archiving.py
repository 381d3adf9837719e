"""Whether finished WAL reaches the archive.

While archiving fails, every WAL file stays on the server's disk until it is full, and there is no backup to a point in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.judging import age, ask, judged, skipped
from helpers.results import CheckResult

__all__ = ["Archiver", "judge", "wal_archiving"]


@dataclass(frozen=True, slots=True)
class Archiver:
    """Counters of the archiver; ages in seconds, None for never."""

    mode: str
    archived: int
    failed: int
    last_archived_ago_s: float | None
    last_failed_ago_s: float | None
    last_failed_wal: str | None


async def wal_archiving(pg: Postgres) -> CheckResult[Archiver]:
    """What the archiver counted (one row).

    Returns:
        PROBLEM when the last attempt failed; OK otherwise; SKIPPED when the server archives nothing.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: check_postgres `archive_ready`; PostgreSQL manual, pg_stat_archiver.

    """
    return judge(await ask(pg, __file__, Archiver))


def judge(rows: Sequence[Archiver]) -> CheckResult[Archiver]:
    """Return the status of the archiver; pure."""
    if not rows or rows[0].mode == "off":
        return skipped("archive_mode is off: this server archives no WAL.", rows)

    def failing(row: Archiver) -> bool:
        failed, archived = row.last_failed_ago_s, row.last_archived_ago_s
        return failed is not None and (archived is None or failed < archived)

    return judged(
        rows,
        failing,
        problem=lambda bad: (
            f"Archiving fails: {bad[0].failed:,} times, last {age(bad[0].last_failed_ago_s or 0)} ago; "
            + (
                f"nothing was archived for {age(bad[0].last_archived_ago_s)}."
                if bad[0].last_archived_ago_s
                else "nothing was ever archived."
            )
        ),
        fine=f"{rows[0].archived:,} WAL files were archived, and the last attempt worked.",
    )
