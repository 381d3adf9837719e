"""The statements whose sorts and hashes spill to disk.

A spill is a plan that needs more work_mem than it may take; which statement it is decides whether more memory, an index in the wanted
order or a smaller row is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import Refused
from helpers.postgres.connect import Postgres
from helpers.postgres.judging import CHECK_S, judged, size, unknown
from helpers.postgres.statements import StatementCounters
from helpers.redaction import mask_literals
from helpers.results import CheckResult

__all__ = ["SpillingStatement", "judge", "statements_spilling"]

MIN_SHARE_PCT = 33.0  # pg-extras `outliers`: a third, there of the time


@dataclass(frozen=True, slots=True)
class SpillingStatement:
    """One statement's temporary bytes since pg_stat_statements began to count it."""

    query_id: int
    query: str
    calls: int
    temp_bytes: int
    bytes_per_call: float
    share_pct: float


async def statements_spilling(pg: Postgres, *, min_share_pct: float = MIN_SHARE_PCT, limit: int = 10) -> CheckResult[SpillingStatement]:
    """Statements of this database that wrote temporary files, the most bytes first.

    Args:
        pg: Read-only session.
        min_share_pct: Share of all temporary bytes, in per cent, at which one statement is a problem: it then wrote more than
            shared_buffers holds, too.
        limit: Most rows returned.

    Returns:
        PROBLEM when one statement is past both; OK otherwise; UNKNOWN without pg_stat_statements, or when texts are hidden.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, pg_stat_statements.temp_blks_written, work_mem.

    """
    try:
        counters = await StatementCounters.find(pg)
    except Refused as refusal:
        return unknown(refusal.reason, refusal.remedy)
    schema = await pg.value("select extnamespace::regnamespace::text from pg_extension where extname = 'pg_stat_statements'")
    found = await pg.fetch(_SQL.format(schema=schema), limit=limit, timeout_s=CHECK_S)
    texts = await counters.texts([r["query_id"] for r in found if r["query_id"]])
    rows = [SpillingStatement(query=mask_literals(texts.get(r["query_id"], ""))[:600], **{k: r[k] for k in _KEYS}) for r in found]
    buffers = int(await pg.value("select pg_size_bytes(current_setting('shared_buffers'))"))
    return judge(rows, min_share_pct=min_share_pct, min_bytes=buffers)


_KEYS = ("query_id", "calls", "temp_bytes", "bytes_per_call", "share_pct")
_SQL = """
select coalesce(queryid, 0) as query_id, sum(calls)::int8 as calls, sum(temp_blks_written)::int8 * current_setting('block_size')::int as temp_bytes,
       (sum(temp_blks_written) * current_setting('block_size')::int / nullif(sum(calls), 0))::float8 as bytes_per_call,
       round(100 * sum(temp_blks_written) / sum(sum(temp_blks_written)) over (), 1)::float8 as share_pct
from {schema}.pg_stat_statements(false)
where dbid = (select oid from pg_database where datname = current_database()) and temp_blks_written > 0
group by 1 order by temp_bytes desc
"""


def judge(rows: Sequence[SpillingStatement], *, min_share_pct: float, min_bytes: int) -> CheckResult[SpillingStatement]:
    """Return the status of the statements; pure."""
    facts = {"min_share_pct": min_share_pct, "min_bytes": min_bytes}
    if any(row.query_id == 0 for row in rows):
        return unknown("Statements that spill are hidden from this role.", "GRANT pg_read_all_stats TO the diagnostic role.", rows, facts)
    return judged(
        rows,
        lambda row: row.share_pct >= min_share_pct and row.temp_bytes >= min_bytes,
        problem=lambda bad: (
            f"{bad[0].share_pct:.0f} % of the temporary bytes are written by one statement "
            f"({size(bad[0].bytes_per_call)} a call): {bad[0].query[:200]}"
        ),
        fine="No statement spills much." if rows else "No statement wrote a temporary file.",
        facts=facts,
    )
