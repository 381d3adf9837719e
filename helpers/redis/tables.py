"""The rows behind a cache: tables and their keys from the catalogue, and rows by id.

Asked through a session that is handed in (`Rows`): this room knows no other system's. Names are quoted by the server, ids are bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from helpers.redis.keys import UUID

__all__ = ["Rows", "Table", "read_rows", "standby", "tables"]

MOST_TABLES = 2000
MOST_IDS = 500
ROWS_S = 8.0
_LONGEST_ID = 200
_TEXTS = ("text", "character varying", "character(", "citext", "name")


class Rows(Protocol):
    """A read-only session to PostgreSQL."""

    async def fetch(self, sql: str, *args: Any, limit: int = 1000, timeout_s: float = 5.0) -> list[dict[str, Any]]:
        """Return up to `limit` rows of one SELECT. Raises SystemProblem."""
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name as SQL writes it, columns with their type and quoted name, and the columns that are unique by themselves."""

    name: str
    columns: dict[str, str]
    quoted: dict[str, str]
    keys: tuple[str, ...]


async def tables(rows: Rows, name: str = "") -> list[Table]:
    """Return the tables this role may read, or the one named (empty where there is none). Raises SystemProblem."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    found = await rows.fetch(sql, name, limit=MOST_TABLES, timeout_s=ROWS_S)
    return [
        Table(
            r["name"], dict(zip(r["columns"], r["types"], strict=True)), dict(zip(r["columns"], r["quoted"], strict=True)), tuple(r["keys"])
        )
        for r in found
    ]


async def read_rows(
    rows: Rows, table: Table, id_column: str, columns: Sequence[str], ids: Sequence[str]
) -> dict[str, dict[str, Any] | None]:
    """Return the columns by id, None for a row that is not there; ids that cannot be of the column's type are left out.

    Raises SystemProblem.
    """
    kind = table.columns[id_column]
    asked = list(dict.fromkeys(i for i in ids if _fits(i, kind)))
    wanted = ", ".join(f"t.{table.quoted[c]}" for c in columns)
    key = f"t.{table.quoted[id_column]}"
    base = "text" if kind.startswith("character") else kind
    sql = (  # names are quoted by the server, see tables.sql
        f"select {key}::text as id, (select to_jsonb(x) from (select {wanted}) x)::text as row "  # noqa: S608
        f"from {table.name} t where {key} = any($1::text[]::{base}[])"
    )
    found: dict[str, dict[str, Any] | None] = {}
    for start in range(0, len(asked), MOST_IDS):
        page = asked[start : start + MOST_IDS]
        answers = await rows.fetch(sql, page, limit=MOST_IDS, timeout_s=ROWS_S)
        by_id = {_spelled(r["id"], kind): json.loads(r["row"], parse_float=Decimal) for r in answers}
        found |= {i: by_id.get(_spelled(i, kind)) for i in page}
    return found


async def standby(rows: Rows) -> bool:
    """Return whether this server is a standby, whose rows may be older than the cache. Raises SystemProblem."""
    return bool((await rows.fetch("select pg_is_in_recovery() as standby", limit=1))[0]["standby"])


def _fits(one: str, kind: str) -> bool:
    if kind in ("smallint", "integer", "bigint"):
        most = {"smallint": 1 << 15, "integer": 1 << 31, "bigint": 1 << 63}[kind]
        return re.fullmatch(r"[0-9]{1,19}", one) is not None and int(one) < most
    if kind == "uuid":
        return UUID.fullmatch(one) is not None
    return kind.startswith(_TEXTS) and 0 < len(one) <= _LONGEST_ID


def _spelled(one: str, kind: str) -> str:
    return str(int(one)) if kind in ("smallint", "integer", "bigint") else one.lower() if kind in ("uuid", "citext") else one.rstrip()
