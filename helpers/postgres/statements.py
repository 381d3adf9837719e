"""Counters of pg_stat_statements: cheap to read often, their texts read once.

`pg_stat_statements(false)` skips the file of query texts; a text is fetched only for statements that moved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from helpers.errors import BadAnswer, Refused
from helpers.postgres.connect import Postgres
from helpers.redaction import MASK, mask_literals

__all__ = ["Counter", "StatementCounters", "StatementText", "alike", "is_ours", "moved"]

MOST_STATEMENTS = 20_000  # pg_stat_statements.max is 5,000 by default
_OURS = re.compile(r"(?is)^\s*(declare runbook |fetch \w+ \S+ from runbook|select pg_advisory_unlock_all|explain |prepare runbook_)")
_CONTROL = re.compile(
    r"(?is)^\s*(begin|start transaction|commit|end|rollback|abort|set|reset|discard|deallocate|close|savepoint|release|show)\b"
)


class StatementText(str):
    """A statement as it may be shown, string values masked; `raw` is the text as the server gave it, for asking the server again."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, shown: str, raw: str) -> StatementText:
        """Return `shown` as text that remembers `raw`."""
        text = super().__new__(cls, shown)
        text.raw = raw
        return text


@dataclass(frozen=True, slots=True)
class Counter:
    """Calls, milliseconds and rows, counted since the server's last reset or between two reads."""

    calls: float = 0.0
    total_ms: float = 0.0
    rows: float = 0.0

    def less(self, other: Counter, factor: float = 1.0) -> Counter:
        """Return this minus `factor` × `other`, nowhere below zero."""
        return Counter(
            max(self.calls - factor * other.calls, 0.0),
            max(self.total_ms - factor * other.total_ms, 0.0),
            max(self.rows - factor * other.rows, 0.0),
        )


class StatementCounters:
    """pg_stat_statements of the session's database, found in whatever schema it was installed."""

    def __init__(self, pg: Postgres, schema: str) -> None:
        self._pg = pg
        self._function = f"{schema}.pg_stat_statements"  # the schema comes quoted from the server

    @classmethod
    async def find(cls, pg: Postgres) -> StatementCounters:
        """Return the counters; raise Refused, with the remedy, when the extension is absent, too old or not loaded."""
        rows = await pg.fetch(
            "select quote_ident(n.nspname) as schema, string_to_array(e.extversion, '.')::int[] >= array[1, 8] as new_enough "
            "from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'"
        )
        if not rows:
            raise Refused(
                "postgres", "pg_stat_statements is not installed in this database.", remedy="CREATE EXTENSION pg_stat_statements;"
            )
        if not rows[0]["new_enough"]:
            raise Refused("postgres", "pg_stat_statements is older than 1.8.", remedy="ALTER EXTENSION pg_stat_statements UPDATE;")
        counters = cls(pg, rows[0]["schema"])
        try:
            await counters.read()
        except BadAnswer as problem:
            if problem.code != "55000":
                raise
            raise Refused(
                "postgres", "pg_stat_statements is installed but not loaded.", remedy="Add it to shared_preload_libraries and restart."
            ) from None
        return counters

    async def read(self, only: int | None = None) -> dict[int, Counter]:
        """Return query id → counters, other databases left out; id 0 gathers what this role may not see."""
        rows = await self._pg.fetch(
            "select coalesce(queryid, 0) as id, sum(calls)::float8 as calls, sum(total_exec_time)::float8 as total_ms, sum(rows)::float8 as rows "  # noqa: S608 - identifiers come quoted from the server, values are bound
            f"from {self._function}(false) where dbid = (select oid from pg_database where datname = current_database()) "
            "and ($1::bigint is null or queryid = $1) group by 1",
            only,
            limit=MOST_STATEMENTS,
        )
        return {r["id"]: Counter(r["calls"], r["total_ms"], r["rows"]) for r in rows}

    async def texts(self, ids: Collection[int]) -> dict[int, str]:
        """Return query id → normalised text; reads the file of texts, so ask once."""
        rows = await self._pg.fetch(
            f"select queryid as id, min(query) as query from {self._function}(true) "  # noqa: S608 - identifiers come quoted from the server, values are bound
            "where queryid = any ($1::bigint[]) and dbid = (select oid from pg_database where datname = current_database()) group by 1",
            list(ids),
            limit=MOST_STATEMENTS,
        )
        return {r["id"]: r["query"] for r in rows}


def alike(text: str) -> str:
    """Return a statement without its values, spaces and case: the same for the text an application sends and the normalised one."""
    return re.sub(r"\s+|;\s*$", "", re.sub(r"\$\d+|\b\d+(\.\d+)?\b", "?", mask_literals(text).replace(f"'{MASK}'", "?"))).lower()


def moved(before: Mapping[int, Counter], after: Mapping[int, Counter]) -> dict[int, Counter]:
    """Return what was counted in between, statements that did not run left out."""
    deltas = {i: c.less(before.get(i, Counter())) for i, c in after.items()}
    return {i: c for i, c in deltas.items() if c.calls > 0}


def is_ours(text: str) -> bool:
    """Whether a statement is this program's own, or transaction control that does no work by itself."""
    return bool(_OURS.match(text) or _CONTROL.match(text))
