"""What the catalog says about the tables of a plan (I/O)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.postgres.connect import Postgres, Record
from helpers.postgres.plans.facts import Column, Index, Table
from helpers.postgres.plans.scans import Scan
from helpers.postgres.sql import load_sql

__all__ = ["Scanned", "indexes_of", "tables_of", "volatility_of"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A table that a plan reads: its own name as SQL and rows, and the table an index would be made on (its partition root)."""

    name: str
    oid: int
    root: int
    rows: float
    table: Table


async def tables_of(pg: Postgres, scans: Sequence[Scan]) -> dict[tuple[str, str], Scanned]:
    """Return (schema, relation) → table for every scan; a temporary table of another session is absent."""
    wanted = sorted({(s.schema, s.relation) for s in scans})
    rows = await _ask(pg, "tables", [w[0] for w in wanted], [w[1] for w in wanted])
    oids = sorted({r["root"] for r in rows} | {r["oid"] for r in rows})
    columns = _by_table(await _ask(pg, "columns", oids))
    indexes = _by_table(await _ask(pg, "indexes", oids))
    return {
        (r["schema"], r["relation"]): Scanned(r["scanned_name"], r["oid"], r["root"], r["scanned_rows"] or 0.0, _table(r, columns, indexes))
        for r in rows
    }


async def indexes_of(pg: Postgres, oid: int) -> list[Index]:
    """Return the indexes of one table."""
    return [_index(r) for r in _by_table(await _ask(pg, "indexes", [oid])).get(oid, [])]


def _index(row: Record) -> Index:
    return Index(**{**row, "keys": tuple(row["keys"])})


async def _ask(pg: Postgres, name: str, *args: object) -> list[Record]:
    return await pg.fetch(load_sql(str(Path(__file__).with_name(f"{name}.py")), pg.version_num), *args, limit=20_000)


def _by_table(rows: Iterable[Record]) -> dict[int, list[Record]]:
    out: dict[int, list[Record]] = {}
    for row in rows:
        out.setdefault(row.pop("oid"), []).append(row)
    return out


def _table(row: Record, columns: dict[int, list[Record]], indexes: dict[int, list[Record]]) -> Table:
    own = [*indexes.get(row["oid"], []), *(indexes.get(row["root"], []) if row["root"] != row["oid"] else [])]
    return Table(
        name=row["name"],
        rows=row["rows"] or 0.0,
        size_bytes=row["bytes"] or 0,
        columns={c["name"]: Column(**{**c, "cast_free": frozenset(c["cast_free"])}) for c in columns.get(row["root"], [])},
        indexes=tuple(_index(i) for i in own),
        oid=row["root"],
        modified_rows=row["modified"] or 0.0,
        dead_rows=row["dead"] or 0.0,
        extended=tuple(frozenset(int(n) for n in keys.split()) for keys in row["extended"]),
        analyzed_s=row["analyzed_s"],
        analyze_counted=row["counted"],
        partitioned=row["partitioned"],
    )


async def volatility_of(pg: Postgres, functions: Iterable[str]) -> dict[str, str]:
    """Return function name → `i`, `s`, `v`, or `?` where its overloads differ."""
    rows = await pg.fetch(
        "select proname::text as name, case when count(distinct provolatile) = 1 then min(provolatile::text) else '?' end as volatility "
        "from pg_proc where proname = any ($1::text[]) group by 1",
        sorted(set(functions)),
    )
    return {r["name"]: r["volatility"] for r in rows}
