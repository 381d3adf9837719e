"""What a plan does not show: lookups of foreign keys in triggers, and pages full of dead rows (I/O).

A judgement of the plan alone would call such a statement sound, or blame an index of its own table.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from helpers.postgres.checks.unindexed_foreign_key import examined
from helpers.postgres.checks.vacuum_blocked import vacuum_blocked
from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import LIMIT_PCT, DeadTable, read_dead_tables
from helpers.postgres.foreign_keys import read_foreign_keys
from helpers.postgres.parent_writes import slow_parent_write
from helpers.postgres.plans.facts import Read, StatementFacts
from helpers.results import Diagnosis, Status

__all__ = ["beside_the_plan", "wades"]

SLOW_MS = 20.0  # pghero: a slow query takes at least 20 ms
LOOKUP = "OPERATOR(pg_catalog.=)"  # how ri_triggers.c writes its own statements, which pg_stat_statements.track = all shows
MANY_BLOCKS = 1000
BLOCKS_PER_ROW = 10.0


async def beside_the_plan(pg: Postgres, facts: StatementFacts, found: Diagnosis, *, mean_ms: float = 0.0) -> Diagnosis:
    """Return `found`, the judgement of the plan, unless what the plan does not show explains the statement better.

    Args:
        pg: Read-only session.
        facts: What was gathered of the statement.
        found: What they were judged to be.
        mean_ms: What one call took in production, 0 where that is not known.

    """
    if found.code not in (None, "missing_index"):
        return found
    by_key = await slow_parent_write(pg, facts.text) or await _own_lookup(pg, facts, found)
    if by_key is not None:
        return by_key
    if found.code is None and facts.reads:
        dead = {t.table: t for t in await read_dead_tables(pg)}
        worst = next((dead[r.table.name] for r in facts.reads if r.table.name in dead and wades(r, dead[r.table.name])), None)
        if worst is not None:
            return await _full_of_dead_rows(pg, worst, found)
    return _elsewhere(found) if found.status is Status.OK and mean_ms >= SLOW_MS and _writes(facts.text) else found


async def _own_lookup(pg: Postgres, facts: StatementFacts, found: Diagnosis) -> Diagnosis | None:
    """Return the foreign key behind a statement that the server itself runs for it."""
    if found.code != "missing_index" or LOOKUP not in facts.text:
        return None
    keys = [k for k in await read_foreign_keys(pg) if k.unserved and k.child == found.target["table"]]
    key = next((k for k in keys if set(found.target["columns"]) <= set(k.columns)), None)
    return await examined(pg, key, keys, given=True) if key else None


def wades(read: Read, table: DeadTable) -> bool:
    """Whether a read goes through many more dead rows, or pages, than rows it looks at: of a table that VACUUM should have cleaned."""
    if table.pct <= LIMIT_PCT:
        return False
    if read.sequential:
        return table.dead_rows > read.own_rows
    blocks = sum(s.blocks or 0.0 for s in read.scans)
    return blocks >= MANY_BLOCKS and blocks >= BLOCKS_PER_ROW * read.own_rows


async def _full_of_dead_rows(pg: Postgres, table: DeadTable, found: Diagnosis) -> Diagnosis:
    """Return why the dead rows stay, or, where nobody can say, that they are what it reads."""
    why = await vacuum_blocked(pg, table=table.table)
    if why.status is Status.PROBLEM:
        return why
    text = f"It reads {table.dead_rows:,} dead rows of {table.table} to find the live ones. {why.summary}"
    return Diagnosis(Status.UNKNOWN, summary=text, against=[found.summary], facts=found.facts)


def _writes(text: str) -> bool:
    try:
        return isinstance(sqlglot.parse_one(text, dialect="postgres"), exp.Insert | exp.Update | exp.Delete | exp.Merge)
    except sqlglot.errors.SqlglotError:
        return False


def _elsewhere(found: Diagnosis) -> Diagnosis:
    text = f"{found.summary} It writes, and its time goes where no plan shows it: triggers, foreign keys, locks or the log."
    return Diagnosis(Status.UNKNOWN, summary=text, against=["Run triage for the server as a whole."], facts=found.facts)
