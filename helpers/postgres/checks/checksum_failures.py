"""Pages that were not what was written.

A failed checksum is corruption by disk, memory or kernel. amcheck looks for more kinds of it and reads every index for that: too heavy
for a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.database_counters import Counted, counted, since
from helpers.postgres.judging import judged, named, unknown
from helpers.results import CheckResult

__all__ = ["ChecksumFailures", "checksum_failures", "judge"]


@dataclass(frozen=True, slots=True)
class ChecksumFailures:
    """Failed page checksums of one database."""

    database: str
    failures: int
    how: str


async def checksum_failures(pg: Postgres) -> CheckResult[ChecksumFailures]:
    """Failed page checksums by database since the counters began.

    Returns:
        PROBLEM when there was any; OK otherwise; UNKNOWN when the cluster keeps no checksums.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_database.checksum_failures, "Data Checksums"; postgres_dba runs amcheck.

    """
    kept = await pg.value("select current_setting('data_checksums')") == "on"
    return judge(await counted(pg), kept=kept)


def judge(databases: Sequence[Counted], *, kept: bool) -> CheckResult[ChecksumFailures]:
    """Return the status of the counters; pure."""
    rows = [ChecksumFailures(one.database, int(one.values["checksum_failures"]), since(one)) for one in databases]
    if not kept:
        return unknown("This cluster keeps no page checksums.", "pg_checksums --enable, with the server stopped.")
    return judged(
        sorted(rows, key=lambda row: -row.failures),
        lambda row: row.failures > 0,
        problem=lambda bad: f"Pages are corrupt: {named([f'{r.database} ({r.failures} failures {r.how})' for r in bad])}.",
        fine="No page failed its checksum.",
    )
