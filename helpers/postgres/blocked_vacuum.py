"""The causes of dead rows that stay, as diagnoses with the arguments of their fixes: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.postgres.dead_tables import DeadTable
from helpers.postgres.horizon import Holder
from helpers.results import Diagnosis, Status

__all__ = ["held_by", "kept_away", "starved", "switched_off"]

CODE = "vacuum_blocked"
MOST_TABLES = 10  # vacuumed by one fix, the worst first


def held_by(holder: Holder, tables: Sequence[DeadTable], others: Sequence[Holder]) -> Diagnosis:
    """Return that `holder` holds back the dead rows of `tables`, the worst first; `others` are younger ones."""
    worst = tables[0]
    names = [t.table for t in tables[:MOST_TABLES]]
    how = "" if holder.held_s is None else f" for {holder.held_s:,.0f} s"
    text = f"{holder.subject} has held a snapshot{how}; {worst.table} keeps {worst.dead_rows:,} dead rows that VACUUM may not remove."
    when = f"{worst.vacuumed_at:%Y-%m-%d %H:%M:%S} UTC" if worst.vacuumed_at else "meanwhile"
    because = [
        f"{holder.subject} is {holder.state}, {holder.age_xids:,} transactions back: the oldest snapshot of this database, and the same in every look.",
        f"A VACUUM of {worst.table} ended at {when}, after that snapshot was taken, and {worst.dead_rows:,} dead rows are there: they died since.",
        f"Autovacuum starts at {worst.own_trigger:,.0f} dead rows, and would come in vain.",
    ]
    against = [
        f"{o.subject} holds them as well, {o.age_xids:,} transactions back: when the first has gone, it may be next." for o in others[:5]
    ]
    fix, target = _ending(holder, names)
    return Diagnosis(Status.PROBLEM, CODE, holder.subject, text, target, because, against, _facts(tables, kind=holder.kind), fix=fix)


def _ending(holder: Holder, tables: list[str]) -> tuple[str, dict[str, Any]]:
    if holder.kind == "prepared":
        prepared = holder.since.isoformat() if holder.since else ""
        return "rollback_prepared", {"gid": holder.name, "prepared": prepared, "tables": tables}
    if holder.kind == "slot":
        return "drop_replication_slot", {"slot": holder.name, "tables": tables}
    start = holder.backend_start.isoformat() if holder.backend_start else ""
    return "end_and_vacuum", {"pid": holder.pid, "backend_start": start, "application_name": holder.name, "tables": tables}


def kept_away(table: DeadTable, options: Sequence[str], against: Sequence[str]) -> Diagnosis:
    """Return that the table's own storage parameters `options` keep autovacuum away."""
    given = ", ".join(o for o in table.options if o.partition("=")[0] in options)
    text = f"{table.table} keeps {table.dead_rows:,} dead rows because of its storage parameters ({given}): autovacuum does not come."
    because = [
        f"{table.table} has {given}.",
        f"By the server's settings autovacuum would have started at {table.usual_trigger:,.0f} dead rows; there are {table.dead_rows:,}.",
        "No snapshot is seen to hold them." if not against else "No snapshot is proven to hold them.",
    ]
    target = {"table": table.table, "options": list(options)}
    return Diagnosis(
        Status.PROBLEM,
        CODE,
        table.table,
        text,
        target,
        because,
        list(against),
        _facts([table], options=table.options),
        fix="reset_autovacuum",
    )


def switched_off(table: DeadTable, rest: Sequence[DeadTable], against: Sequence[str]) -> Diagnosis:
    """Return that autovacuum is off for the whole server."""
    text = f"{table.table} keeps {table.dead_rows:,} dead rows: autovacuum is off for the whole server."
    advice = "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf(); (a superuser; until then every table needs its VACUUM by hand)"
    tables = [table.table, *(t.table for t in rest if t.may_vacuum)][:MOST_TABLES]
    because = [
        "The setting autovacuum is off.",
        f"It would have started at {table.own_trigger:,.0f} dead rows; there are {table.dead_rows:,}.",
    ]
    target = {"tables": tables, "advice": advice}
    return Diagnosis(Status.PROBLEM, CODE, table.table, text, target, because, list(against), _facts([table, *rest]), fix="vacuum_table")


def starved(table: DeadTable, workers: int, against: Sequence[str]) -> Diagnosis:
    """Return that every autovacuum worker is busy with other tables."""
    text = f"{table.table} keeps {table.dead_rows:,} dead rows and waits its turn: all {workers} autovacuum workers are busy with other tables."
    because = [
        f"All {workers} workers are at work, none on {table.table}.",
        f"Its turn was due at {table.own_trigger:,.0f} dead rows; there are {table.dead_rows:,}.",
    ]
    advice = (
        "Let the workers go faster (autovacuum_vacuum_cost_limit up, or its delay down), or allow more of them (autovacuum_max_workers)."
    )
    target = {"tables": [table.table], "advice": advice}
    return Diagnosis(Status.PROBLEM, CODE, table.table, text, target, because, list(against), _facts([table]), fix="vacuum_table")


def _facts(tables: Sequence[DeadTable], **more: Any) -> dict[str, Any]:
    return {"dead_rows": {t.table: t.dead_rows for t in tables}, "pct": {t.table: round(t.pct) for t in tables}, **more}
