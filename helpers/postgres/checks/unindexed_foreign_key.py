"""Whether deletes of a parent are slow because no index of the child serves the foreign key.

Told apart: a lookup that waits for a lock (lock_contention, ddl_lock_queue), an index that is there and INVALID (invalid_index), one that
another index serves well enough, a child too small to matter, and a parent from which nobody deletes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.errors import TimedOut
from helpers.postgres.checks.foreign_keys_by_cost import MIN_ROWS
from helpers.postgres.checks.lock_contention import lock_contention
from helpers.postgres.connect import Postgres
from helpers.postgres.foreign_keys import ForeignKey, Lookup, read_foreign_keys, run_lookup, sample_keys
from helpers.results import Diagnosis, Status

__all__ = ["examined", "judge", "unindexed_foreign_key"]


async def unindexed_foreign_key(pg: Postgres, *, table: str = "", constraint: str = "", min_rows: float = MIN_ROWS) -> Diagnosis:
    """The foreign key whose lookups read a whole child table, because no index serves them.

    Args:
        pg: Read-only session. One lookup is run, as the foreign key would run it, and locks nothing.
        table: The parent (SQL name) whose deletes are slow; empty: the statistics must show that rows go from the parent.
        constraint: The foreign key to examine, as `name on child`; empty: the one whose lookups cost most.
        min_rows: Rows a lookup must read before an index matters.

    Returns:
        PROBLEM with `unindexed_foreign_key` (`child(column, …)`, the target for `create_index`), `invalid_index`, or a lock's failure
        mode; OK when lookups are served; UNKNOWN when the evidence does not decide.

    Raises:
        ParameterError: there is no such table.
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, "Constraints" 5.5.5; ri_triggers.c.

    """
    keys = await read_foreign_keys(pg, table)
    key = next((k for k in keys if k.constraint == constraint), keys[0] if keys else None)
    if key is None:
        return Diagnosis(Status.OK, summary=f"No foreign key references {table or 'a table of this database'}.")
    return await examined(pg, key, keys, given=bool(table), min_rows=min_rows)


async def examined(pg: Postgres, key: ForeignKey, keys: Sequence[ForeignKey], *, given: bool, min_rows: float = MIN_ROWS) -> Diagnosis:
    """Return what one lookup of `key` and the catalog say; a lookup that waits for a lock is the lock's failure mode."""
    lookup = await _look(pg, key)
    if lookup is not None and lookup.waited:
        return _behind_a_lock(await lock_contention(pg), key)
    return judge(key, lookup, keys, given=given, min_rows=min_rows)


async def _look(pg: Postgres, key: ForeignKey) -> Lookup | None:
    try:
        values = await sample_keys(pg, key)
    except TimedOut:
        return Lookup(0.0, waited=True)
    return await run_lookup(pg, key, values[0]) if values else None


def _behind_a_lock(found: Diagnosis, key: ForeignKey) -> Diagnosis:
    if found.code:
        return found
    text = f"A lookup in {key.child} waits for a lock, so what it costs cannot be told. {found.summary}"
    return Diagnosis(Status.UNKNOWN, summary=text.strip())


def judge(key: ForeignKey, lookup: Lookup | None, keys: Sequence[ForeignKey], *, given: bool, min_rows: float = MIN_ROWS) -> Diagnosis:
    """Return what the catalog and one lookup add up to; pure. `given`: a person says that deletes of this parent are slow."""
    facts = _facts(key, lookup)
    if lookup is None:
        return Diagnosis(Status.OK, summary=f"{key.parent} has no rows, so none can be deleted.", facts=facts)
    reads = lookup.read_rows or (key.child_rows if lookup.whole else 0.0)  # one that never ended reads it all
    if key.child_rows < min_rows or reads < min_rows:
        served = f"the index {key.served_by} serves it" if not key.unserved else "it needs no index of its own"
        text = f"A lookup of {key.constraint} reads {reads:,.0f} of {key.child_rows:,.0f} rows: {served}."
        return Diagnosis(Status.OK, summary=text, against=_beside(key), facts=facts)
    if key.building:
        return Diagnosis(Status.UNKNOWN, summary=f"An index for {key.subject} is being built. Wait for it, then ask again.", facts=facts)
    if not key.unserved:
        text = f"{key.served_by} serves {key.subject}, and a lookup reads {reads:,.0f} rows all the same: many rows share a key, or its statistics are stale."
        return Diagnosis(Status.UNKNOWN, summary=text, facts=facts)
    if key.invalid:
        return _invalid(key, facts)
    if not given and not key.parent_deletes:
        return _nobody_pays(key, facts)
    others = [k for k in keys if k is not key and k.unserved and k.child_rows >= min_rows and (given or k.parent_deletes)]
    return _named(key, reads, others, facts)


def _nobody_pays(key: ForeignKey, facts: dict[str, Any]) -> Diagnosis:
    text = f"{key.subject} has no index, yet no row of {key.parent} was deleted since the statistics began: nobody is seen to pay for it."
    ask = "Give the parent as `table` if deletes or key changes of it are slow."
    return Diagnosis(Status.UNKNOWN, summary=text, against=[ask], facts=facts)


def _facts(key: ForeignKey, lookup: Lookup | None) -> dict[str, Any]:
    return {
        "constraint": key.constraint, "on_delete": key.on_delete, "parent": key.parent, "child_rows": round(key.child_rows),
        "child_bytes": key.child_bytes, "parent_deletes": key.parent_deletes, "served_by": key.served_by, "unserved": key.unserved,
        "lookup_ms": lookup and lookup.ms, "lookup_reads": lookup and lookup.read_rows, "parent_triggers": list(key.parent_triggers),
    }  # fmt: skip


def _beside(key: ForeignKey) -> list[str]:
    if not key.parent_triggers:
        return []
    return [f"{key.parent} has triggers of its own for deletes, which are not measured here: {', '.join(key.parent_triggers)}."]


def _invalid(key: ForeignKey, facts: dict[str, Any]) -> Diagnosis:
    text = f"The index {key.invalid} on {key.subject} exists but is not valid, so lookups may not use it."
    because = [f"{key.invalid} has indisvalid or indisready = false, and no build is in progress."]
    return Diagnosis(Status.PROBLEM, "invalid_index", key.invalid, text, {"index": key.invalid}, because, [], facts)


def _named(key: ForeignKey, reads: float, others: Sequence[ForeignKey], facts: dict[str, Any]) -> Diagnosis:
    does = {"cascade": "deletes", "set null": "updates", "set default": "updates"}.get(key.on_delete, "looks for")
    text = f"No index on {key.subject}: for every row deleted from {key.parent} the server reads {reads:,.0f} rows of {key.child}."
    part = f" in {key.unserved} of its partitions" if key.served_by else ""
    because = [
        f"{key.constraint} (on delete {key.on_delete}) {does} the child's rows by {', '.join(key.columns)}, and no valid index begins with that{part}.",
        f"One lookup, run as the foreign key runs it, read {reads:,.0f} rows.",
        f"{key.parent} has lost {key.parent_deletes:,} rows since its statistics began; each cost such a lookup.",
    ]
    against = [f"{k.subject} has no index either, and references {k.parent}, which lost {k.parent_deletes:,} rows." for k in others[:5]]
    target = {"table": key.child, "columns": list(key.columns)}
    return Diagnosis(
        Status.PROBLEM, "unindexed_foreign_key", key.subject, text, target, because, [*against, *_beside(key)], facts, fix="create_index"
    )
