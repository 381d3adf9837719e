"""Indexes that no query has used for a long time.

Every insert and most updates write them, and nothing reads them. Indexes that a constraint, a foreign key or replication needs are
left out; a zero counts only after the counters have run long enough, and standbys count for themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.counted_since import counted_for_s
from helpers.postgres.judging import age, ask, judged, many, named, size, unknown
from helpers.results import CheckResult

__all__ = ["UnusedIndex", "judge", "unused_indexes"]

MIN_AGE_S = 7 * 86400.0  # a weekly report must have had its chance
MIN_PAGES = 128  # pg-extras `unused_indexes`: 1 MB
_STANDBYS = (
    "select count(*)::int from pg_stat_get_wal_senders() s where coalesce(s.state, '') <> 'backup' "
    "and not exists (select from pg_replication_slots l where l.active_pid = s.pid and l.slot_type = 'logical')"
)


@dataclass(frozen=True, slots=True)
class UnusedIndex:
    """One index without a scan; `table_writes` are the rows written to its table meanwhile."""

    index: str
    table: str
    size_bytes: int
    table_writes: int
    definition: str


async def unused_indexes(pg: Postgres, *, min_age_s: float = MIN_AGE_S, min_pages: int = MIN_PAGES) -> CheckResult[UnusedIndex]:
    """Indexes that were never scanned since the counters began, the largest first.

    Args:
        pg: Read-only session.
        min_age_s: For how long the counters must have counted, in seconds.
        min_pages: Smaller indexes are left out.

    Returns:
        PROBLEM when there are any; OK when every index is used; UNKNOWN when the counters are younger, or a standby may be the one
        that reads them.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_all_indexes.idx_scan; pghero, pg-extras and postgres-mcp take fewer than 20 to 50 scans.

    """
    counted = await counted_for_s(pg)
    standbys = await pg.value(_STANDBYS)
    rows = await ask(pg, __file__, UnusedIndex, min_pages)
    return judge(rows, counted_s=counted, standbys=standbys, min_age_s=min_age_s)


def judge(rows: Sequence[UnusedIndex], *, counted_s: float, standbys: int, min_age_s: float) -> CheckResult[UnusedIndex]:
    """Return the status of the indexes; pure."""
    facts = {"counted_s": round(counted_s), "min_age_s": min_age_s, "standbys": standbys}
    if rows and counted_s < min_age_s:
        reason = f"Not used so far, but the counters began only {age(counted_s)} ago: {named([r.index for r in rows])}."
        return unknown(reason, f"Ask again when they have counted for {age(min_age_s)}.", rows, facts)
    if rows and standbys:
        reason = f"Not used here, but {many(standbys, 'standby', 'standbys')} may use them: {named([r.index for r in rows])}."
        return unknown(reason, "Ask each standby too: it counts its own scans.", rows, facts)
    return judged(
        rows,
        lambda _: True,
        problem=lambda bad: (
            f"{many(len(bad), 'index was', 'indexes were')} not used in {age(counted_s)}, {size(sum(r.size_bytes for r in bad))} together: "
            f"{named([r.index for r in bad])}."
        ),
        fine="Every index of some size is used.",
        facts=facts,
    )
