"""The planner's statistics of a table: how fresh they are, what ANALYZE costs, and changes to them in one transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import FixFailed, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import Target
from helpers.postgres.plans.facts import OUT_OF_DATE_PCT
from helpers.postgres.write import PostgresWriter

__all__ = ["Freshness", "analyze_effects", "freshness", "must_be_fresh", "oids_of", "together"]

SAMPLED_ROWS = 300  # per unit of the largest statistics target: PostgreSQL manual, ANALYZE
TOLD_S = 5.0  # before version 15 the counters arrive a little later
_FRESH = (
    "select coalesce(sum(t.n_mod_since_analyze), 0)::float8 as modified, coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 as rows, "
    "coalesce(sum(greatest(c.relpages, 0)::bigint * current_setting('block_size')::int), 0)::bigint as size_bytes, "
    "coalesce(bool_or(t.last_analyze is null and t.last_autoanalyze is null and c.relkind <> 'p'), false) as never, "
    "coalesce(bool_or(o.off), false) as switched_off, "
    "(select coalesce(max(coalesce(nullif(a.attstattarget, -1), current_setting('default_statistics_target')::int)), 0)::int "
    "from pg_attribute a where a.attrelid = any (select unnest($1::bigint[])::oid) and a.attnum > 0 and not a.attisdropped) as target "
    "from pg_class c left join pg_stat_all_tables t on t.relid = c.oid cross join lateral (select exists (select from unnest(c.reloptions) as r (o) "
    "where r.o ~ '^autovacuum_enabled=(off|false|no|0)$') as off) as o where c.oid = any (select unnest($1::bigint[])::oid)"
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What changed in a table, partitions added up, since its last ANALYZE; `target` is the largest statistics target of its columns."""

    modified: float
    rows: float
    size_bytes: int
    never: bool
    switched_off: bool
    target: int

    @property
    def modified_pct(self) -> float:
        """Rows changed since the last ANALYZE in per cent of the table; 100 when there was none."""
        return 100.0 if self.never else 100.0 * self.modified / max(self.rows, 1.0)


def oids_of(target: Target) -> list[int]:
    """Return the table itself, or every table of its partition tree."""
    return [p.oid for p in target.parts] or [target.oid]


async def freshness(pg: Postgres, target: Target) -> Freshness:
    """Return how fresh the statistics of `target` are. Raises SystemProblem when the server cannot be asked."""
    return Freshness(**(await pg.fetch(_FRESH, oids_of(target)))[0])


def analyze_effects(target: Target, fresh: Freshness) -> list[str]:
    """Return what ANALYZE of `target` reads, locks and changes, as sentences."""
    rows = min(fresh.rows, SAMPLED_ROWS * max(fresh.target, 1) * max(len([p for p in target.parts if p.leaf]), 1))
    return [
        f"{target.quoted} has about {fresh.rows:,.0f} rows ({fresh.size_bytes / 1e6:,.1f} MB); ANALYZE samples about {rows:,.0f} of them.",
        "It takes SHARE UPDATE EXCLUSIVE: reads and writes go on; other DDL, VACUUM and ANALYZE of the table wait.",
        "Every statement on the table is planned by the new statistics; one that keeps a prepared plan is planned anew when the table's row "
        "count, target or statistics objects changed.",
    ]


async def must_be_fresh(pg: Postgres, target: Target) -> Freshness:
    """Return the freshness as soon as ANALYZE is counted; raise FixFailed when it did nothing."""
    until = time.monotonic() + TOLD_S
    while (found := await freshness(pg, target)).modified_pct >= OUT_OF_DATE_PCT:
        if time.monotonic() > until:
            raise FixFailed(
                f"ANALYZE ran, and still {found.modified_pct:.0f} % of {target.quoted} count as changed since.",
                remedy="The server skips what the role does not own (or may not MAINTAIN): see its warning; or rows change faster.",
            )
        await asyncio.sleep(0.1)
    return found


async def together(writer: PostgresWriter, statements: Sequence[str], *, timeout_s: float, lock_timeout_s: float) -> None:
    """Run the statements in one transaction: all of them or none, and every session plans by the outcome at once.

    Raises:
        FixFailed: one of them failed; the transaction ends with the writer's connection, which its owner closes.

    """
    try:
        for statement in ("BEGIN", *statements, "COMMIT"):
            await writer.execute(statement, timeout_s=timeout_s, lock_timeout_s=lock_timeout_s)
    except SystemProblem as problem:
        remedy = problem.remedy or "Another ANALYZE, VACUUM or DDL of the table may hold its lock: try again when it has ended."
        raise FixFailed(f"Nothing was changed: {problem.reason}", remedy=remedy) from problem
