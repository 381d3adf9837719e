"""How much of their range numbered integer columns have used: by the column's type, not only by the sequence's.

A bigint sequence that feeds an int column shows 0 % used in pg_sequences until every INSERT fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.errors import Refused, TimedOut
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.sql import load_sql

__all__ = ["IntegerKey", "highest_ids", "read_keys"]

MOST_KEYS = 200_000
QUOTED = "select quote_ident($1::text) as column, format('%I.%I', $2::text, $3::text) as table"


@dataclass(frozen=True, slots=True)
class IntegerKey:
    """One column and the sequence that numbers it; names are SQL.

    `last_value` is None before the first use, or where it may not be read. `inserted` are the table's rows since its statistics began.
    `refers_to` is set where the numbers come from the wider column that this one refers to.
    """

    table: str
    column: str
    type: str
    sequence: str
    sequence_type: str
    last_value: int | None
    limit: int
    visible: bool
    indexed: bool
    schema_name: str
    table_name: str
    column_name: str
    increment: int
    inserted: int = 0
    refers_to: str = ""
    sequence_name: str = ""
    column_max: int = 0
    sequence_max: int = 0

    @property
    def ends_early(self) -> bool:
        """Whether the sequence ends before the column's type does: then a higher MAXVALUE is all it needs."""
        return 0 < self.sequence_max < self.column_max

    @property
    def subject(self) -> str:
        """The column as SQL: `table.column`."""
        return f"{self.table}.{self.column}"

    @property
    def used_pct(self) -> float:
        """Share of the range that is used, in per cent; over 100 when the sequence ran past the column's type."""
        return 100.0 * (self.last_value or 0) / self.limit


def _key(row: Record) -> IntegerKey:
    """Return a row as a key; its limit is the nearer one of column and sequence."""
    kept = {name: row[name] for name in IntegerKey.__slots__ if name in row}
    return IntegerKey(**kept, limit=min(row["column_max"], row["sequence_max"]))


async def read_keys(pg: Postgres, *, timeout_s: float = 5.0) -> list[IntegerKey]:
    """Return every numbered integer column, the most used first. Raises SystemProblem when the server cannot be asked in `timeout_s` seconds."""
    rows = await pg.fetch(load_sql(__file__, pg.version_num), limit=MOST_KEYS, timeout_s=timeout_s)
    return sorted((_key(row) for row in rows), key=lambda key: -key.used_pct)


async def highest_ids(pg: Postgres, keys: Sequence[IntegerKey]) -> dict[str, int]:
    """Return the highest value of each column by its subject, read from the end of its index.

    Left out is what has no such index, is empty, or may not be read; the first that cannot be read in time ends it.
    """
    found: dict[str, int] = {}
    for key in keys:
        if key.indexed:
            column, table = (await pg.fetch(QUOTED, key.column_name, key.schema_name, key.table_name))[0].values()
            try:
                value = await pg.value(f"select max({column}) from {table}")  # noqa: S608 - quoted by the server
            except TimedOut:
                break  # a lock is held on it, and may be on the others
            except Refused:
                continue
            found |= {} if value is None else {key.subject: value}
    return found
