"""Sorts and hashes that did not fit into memory.

What does not fit into work_mem is written to temporary files and read back: the statement waits for the disk, and so do others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.database_counters import Counted, counted, since
from helpers.postgres.judging import judged, named, size
from helpers.results import CheckResult

__all__ = ["TempFiles", "judge", "temp_files"]


@dataclass(frozen=True, slots=True)
class TempFiles:
    """Temporary files of one database over `seconds`."""

    database: str
    files: int
    size_bytes: int
    bytes_per_hour: float
    seconds: float
    how: str


async def temp_files(pg: Postgres, *, window_s: float = 0.0, max_bytes_per_hour: float | None = None) -> CheckResult[TempFiles]:
    """Temporary files by database, the most bytes first.

    Args:
        pg: Read-only session.
        window_s: Seconds to watch; 0 takes everything since the counters began.
        max_bytes_per_hour: What is a problem; None: as much as shared_buffers holds, for then spills push more through the disk than
            the cache keeps.

    Returns:
        PROBLEM when a database wrote more; OK otherwise. The first hour counts whole.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_database.temp_bytes, work_mem; pgBadger and pganalyze list them from the log. The limit is this
        project's own.

    """
    limit = max_bytes_per_hour or float(await pg.value("select pg_size_bytes(current_setting('shared_buffers'))"))
    return judge(await counted(pg, window_s=window_s), max_bytes_per_hour=limit)


def judge(databases: Sequence[Counted], *, max_bytes_per_hour: float) -> CheckResult[TempFiles]:
    """Return the status of the counters; pure."""
    rows = [_row(one) for one in databases if one.values["temp_files"]]
    return judged(
        sorted(rows, key=lambda row: -row.bytes_per_hour),
        lambda row: row.bytes_per_hour > max_bytes_per_hour,
        problem=lambda bad: (
            f"Sorts and hashes spill to disk: {named([f'{r.database} ({r.files:,} files, {size(r.size_bytes)} {r.how})' for r in bad])}."
        ),
        fine="Few or no temporary files were written.",
        facts={"max_bytes_per_hour": max_bytes_per_hour},
    )


def _row(one: Counted) -> TempFiles:
    files, written = one.values["temp_files"], one.values["temp_bytes"]
    hours = (one.seconds if one.watched else max(one.seconds, 3600.0)) / 3600
    return TempFiles(one.database, int(files), int(written), written / hours, round(one.seconds, 1), since(one))
