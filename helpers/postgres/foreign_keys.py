"""Foreign keys with the lookup that each deleted parent row costs, and what it does when it runs (I/O)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.errors import BadAnswer, ParameterError, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["ForeignKey", "Lookup", "read_foreign_keys", "run_lookup", "sample_keys"]

KEYS_S = 10.0  # seconds to find parent keys; finding ones without a child may read the child once
LOOKUP_S = 10.0
MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One foreign key; names are SQL, `columns` and `parent_columns` in the constraint's order.

    `unserved` counts the child's tables (its partitions, where it has some) without a valid index that begins with the columns;
    `served_by` is one that has it, `invalid` one that would serve if it were valid. Rows are the server's estimates, deletes and updates
    those of the parent since its statistics began. `lookup` is the statement the constraint costs per deleted row, `$n` the key's texts.
    """

    oid: int
    constraint: str
    child: str
    parent: str
    columns: list[str]
    parent_columns: list[str]
    on_delete: str
    child_rows: float
    child_bytes: int
    parent_rows: float
    parent_deletes: int
    parent_updates: int
    unserved: int
    served_by: str
    invalid: str
    building: bool
    parent_triggers: list[str]
    lookup: str
    keys: str
    childless: str

    @property
    def subject(self) -> str:
        """How a diagnosis names it: `child(column, …)`."""
        return f"{self.child}({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One lookup as the server ran it: its own time, the rows it read of the child, and whether it read tables as a whole.

    `waited` is set instead where a lock kept it from running.
    """

    ms: float
    read_rows: float = 0.0
    whole: bool = False
    waited: bool = False


async def read_foreign_keys(pg: Postgres, table: str = "") -> list[ForeignKey]:
    """Return the foreign keys, the one whose lookups cost most first; only those that reference `table` where it is given.

    Raises:
        ParameterError: there is no such table.
        SystemProblem: the server cannot be asked.

    """
    if table:
        await _must_exist(pg, table)
    return [ForeignKey(**row) for row in await pg.fetch(load_sql(__file__, pg.version_num), table or None)]


async def _must_exist(pg: Postgres, table: str) -> None:
    try:
        known = await pg.value("select to_regclass($1) is not null", table)
    except BadAnswer as problem:
        raise ParameterError(f"{table!r} is not a table's name: {problem.reason}", remedy="Quote it as the server does.") from None
    if not known:
        raise ParameterError(f"There is no table {table!r}.", remedy='Write its schema, and quote what needs quotes: "Sales"."Order".')


async def sample_keys(pg: Postgres, key: ForeignKey) -> list[list[str]]:
    """Return up to 20 of the parent's keys as texts, those without a child where some are: only such a row can be deleted as it is.

    Raises TimedOut when a lock keeps the parent from being read, Refused without the right to.
    """
    rows: list[dict[str, Any]] = []
    try:
        rows = await pg.fetch(key.keys + key.childless, limit=MOST_KEYS, timeout_s=KEYS_S)
    except TimedOut as problem:
        if "55P03" in problem.reason:
            raise
    rows = rows or await pg.fetch(key.keys, limit=MOST_KEYS, timeout_s=KEYS_S)
    return [list(row["key"]) for row in rows]


async def run_lookup(pg: Postgres, key: ForeignKey, values: list[str]) -> Lookup:
    """Return how the lookup for one parent key went. Read-only: without the row lock that the constraint itself would take."""
    try:
        plan = await pg.explain(key.lookup, *values, analyze=True, timeout_s=LOOKUP_S)
    except TimedOut as problem:
        waited = "55P03" in problem.reason
        return Lookup(LOOKUP_S * 1000, waited=waited, whole=not waited)
    scans = [node for node in _nodes(plan["Plan"]) if "Relation Name" in node]
    read = sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0.0)) * n["Actual Loops"] for n in scans)
    whole = any(n["Node Type"] == "Seq Scan" for n in scans)
    return Lookup(float(plan["Execution Time"]), float(read), whole)


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for child in node.get("Plans", []) for below in _nodes(child))]
