"""Indexes that writes maintain and no query may use.

A CREATE INDEX CONCURRENTLY that failed leaves an INVALID index: it costs every write and serves no read.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql
from helpers.results import CheckResult, Status

__all__ = ["InvalidIndex", "invalid_indexes"]


@dataclass(frozen=True, slots=True)
class InvalidIndex:
    """One index that is not valid and not being built; names are SQL."""

    index: str
    table: str
    definition: str
    size_bytes: int


async def invalid_indexes(pg: Postgres) -> CheckResult[InvalidIndex]:
    """Indexes that are not valid while nobody builds them, by name.

    Returns:
        One row per index; OK and empty when there are none; UNKNOWN when another role's build may explain one.

    Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently".

    """
    found = await pg.fetch(load_sql(__file__, pg.version_num))
    rows = [InvalidIndex(r["index"], r["table"], r["definition"], r["size_bytes"]) for r in found]
    if rows and any(r["hidden_build"] for r in found):
        return CheckResult(
            Status.UNKNOWN,
            rows,
            reason="An index is not valid, and another role is building one that this role may not see.",
            remedy="GRANT pg_read_all_stats TO the diagnostic role.",
        )
    if rows:
        return CheckResult(Status.PROBLEM, rows, f"{len(rows)} invalid: {', '.join(r.index for r in rows[:5])}.")
    return CheckResult(Status.OK, summary="Every index is valid.")
