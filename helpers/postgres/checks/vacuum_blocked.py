"""Why dead rows stay: an old snapshot holds them, or autovacuum does not come.

Told apart: rows that autovacuum is about to remove or removes right now, a report that runs and will end, a snapshot younger than the
rows, and a setting of the table from one of the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.postgres.blocked_vacuum import held_by, kept_away, starved, switched_off
from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import LIMIT_PCT, DeadTable, read_dead_tables
from helpers.postgres.horizon import Holder, holders_of, read_holders
from helpers.results import Diagnosis, Status

__all__ = ["Autovacuum", "judge", "vacuum_blocked"]

LOOKS = 4
PAUSE_S = 0.5
_SERVER = (
    "select current_setting('autovacuum')::bool as on, current_setting('track_counts')::bool as counts, "
    "extract(epoch from current_setting('autovacuum_naptime')::interval)::float8 as naptime_s, "
    "current_setting('autovacuum_max_workers')::int as workers, "
    "(select count(*) from pg_stat_activity where backend_type = 'autovacuum worker')::int as busy"
)


@dataclass(frozen=True, slots=True)
class Autovacuum:
    """The server's side: whether it runs and counts rows, seconds between two looks at a database, workers in all and at work."""

    on: bool
    counts: bool
    naptime_s: float
    workers: int
    busy: int


async def vacuum_blocked(
    pg: Postgres, *, table: str = "", limit_pct: float = LIMIT_PCT, looks: int = LOOKS, pause_s: float = PAUSE_S
) -> Diagnosis:
    """What keeps dead rows of a table from being removed.

    Args:
        pg: Read-only session.
        table: The table (SQL name) to examine; empty: the one furthest past the point where autovacuum starts.
        limit_pct: Dead rows in per cent of that point, above which they should have gone.
        looks: How often the holders are read: one that moves on holds nothing for long.
        pause_s: Seconds between two looks.

    Returns:
        PROBLEM with code vacuum_blocked and as subject the holder (`pid N (application_name)`, `prepared transaction 'gid'`,
        `replication slot name`) or the table; OK when no table has too many; UNKNOWN when autovacuum may still come, or it cannot be seen.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Routine Vacuuming" and "The Autovacuum Daemon".

    """
    server = Autovacuum(**(await pg.fetch(_SERVER))[0])
    tables = await read_dead_tables(pg)
    seen: list[list[Holder]] = []
    while any(t.pct > limit_pct for t in tables) and len(seen) < looks:
        await asyncio.sleep(pause_s if seen else 0.0)
        seen.append(await read_holders(pg))
    return judge(tables, seen, server, table=table, limit_pct=limit_pct, sees_everyone=pg.sees_everyone)


def judge(
    tables: Sequence[DeadTable], looks: Sequence[Sequence[Holder]], server: Autovacuum, *, table: str, limit_pct: float, sees_everyone: bool
) -> Diagnosis:
    """Return what the counts, the holders and the settings add up to; pure."""
    if not server.counts:
        return Diagnosis(Status.UNKNOWN, summary="track_counts is off: the server does not count dead rows, and autovacuum does not run.")
    over = [t for t in tables if t.pct > limit_pct and table in ("", t.table)]
    if not over:
        return _fine([t for t in tables if table in ("", t.table)], limit_pct)
    if not sees_everyone:
        text = f"{over[0].table} has {over[0].dead_rows:,} dead rows; what holds them this role cannot see: GRANT pg_monitor TO it, then run again."
        return Diagnosis(Status.UNKNOWN, summary=text)
    worst, rest = over[0], over[1:]
    holders = [h for h in holders_of(worst, looks[-1]) if all(any(h.same(o) for o in look) for look in looks)]
    if holders:
        return _by_holder(worst, [t for t in rest if t.may_vacuum], holders, server)
    return _by_autovacuum(worst, rest, looks[-1], server)


def _fine(tables: Sequence[DeadTable], limit_pct: float) -> Diagnosis:
    if not tables:
        return Diagnosis(Status.OK, summary="No table has dead rows worth counting.")
    text = f"{tables[0].table} has most, {tables[0].dead_rows:,} dead rows, {tables[0].pct:.0f} % of what makes autovacuum start; {limit_pct:g} % is allowed."
    return Diagnosis(Status.OK, summary=text)


def _by_holder(worst: DeadTable, rest: Sequence[DeadTable], holders: Sequence[Holder], server: Autovacuum) -> Diagnosis:
    """The oldest holder is named, if it is one that may be ended."""
    first = holders[0]
    if first.kind == "standby" or (first.kind == "session" and first.backend_type != "client backend"):
        return Diagnosis(
            Status.UNKNOWN,
            summary=f"{first.subject} ({first.backend_type}) holds the oldest snapshot: it is not ours to end. {_held(worst)}",
        )
    if first.kind == "session" and first.active and (first.held_s or 0.0) < server.naptime_s:
        text = (
            f"{first.subject} works, for {first.held_s or 0:.0f} s; {worst.table} can be cleaned when it has ended. Look again in a minute."
        )
        return Diagnosis(Status.UNKNOWN, summary=text)
    return held_by(first, [worst, *rest], holders[1:])


def _held(table: DeadTable) -> str:
    return f"{table.table} has {table.dead_rows:,} dead rows."


def _by_autovacuum(worst: DeadTable, rest: Sequence[DeadTable], holders: Sequence[Holder], server: Autovacuum) -> Diagnosis:
    """Nothing is seen to hold the rows: then autovacuum does not come, or will."""
    beside = [
        f"{h.subject} holds a snapshot, too: what died since it began stays." for h in holders[:3] if h.kind != "session" or not h.active
    ]
    if worst.being_vacuumed:
        return Diagnosis(Status.UNKNOWN, summary=f"{worst.table} is being vacuumed now. Wait for it, then ask again.", against=beside)
    if not server.on:
        return switched_off(worst, rest, beside)
    raised = [o.partition("=")[0] for o in worst.options if o.startswith("autovacuum_vacuum_")]
    if not worst.enabled:
        return kept_away(worst, ["autovacuum_enabled"], beside)
    if worst.dead_rows <= worst.own_trigger and raised:
        return kept_away(worst, raised, beside)
    if server.busy >= server.workers:
        return starved(worst, server.busy, beside)
    text = (
        f"{worst.table} has {worst.dead_rows:,} dead rows, autovacuum starts at {worst.own_trigger:,.0f}, and nothing is seen to keep it away: "
        f"it looks every {server.naptime_s:.0f} s. Ask again after that, or run VACUUM (VERBOSE) on it, which says what it could not remove."
    )
    return Diagnosis(Status.UNKNOWN, summary=text, against=beside, facts=_facts(worst))


def _facts(table: DeadTable) -> dict[str, Any]:
    return {"table": table.table, "dead_rows": table.dead_rows, "rows": round(table.rows), "own_trigger": round(table.own_trigger)}
