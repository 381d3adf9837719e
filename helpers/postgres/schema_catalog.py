"""A database's schema as plain values, and what one lacks that another has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql

__all__ = ["KINDS", "Difference", "Part", "differences", "quote", "read_schema"]

# By how likely a statement fails for want of it: what is missing before what is stricter before what is slower.
KINDS = (
    "missing table",
    "missing column",
    "changed type",
    "changed null",
    "missing constraint",
    "missing index",
    "changed default",
    "extra",
)
HARMLESS = ("extra",)


def quote(name: str) -> str:
    """Return an SQL identifier, quoted only where it must be."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Part:
    """One table, column, constraint or index. `definition` is a column's default, a constraint's or an index's own text."""

    kind: str
    schema_name: str
    table_name: str
    name: str
    type: str
    not_null: bool
    definition: str
    identity: str

    @property
    def table(self) -> str:
        """The table as SQL; the schema is left out for `public`."""
        return ("" if self.schema_name == "public" else quote(self.schema_name) + ".") + quote(self.table_name)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same part in another database: names for tables and columns, the content for constraints and indexes."""
        if self.kind in ("constraint", "index"):
            shape = re.sub(r"^(CREATE (?:UNIQUE )?INDEX )(?:\"(?:[^\"]|\"\")+\"|\S+) ON", r"\1ON", self.definition)
            return (self.kind, self.schema_name, self.table_name, shape.removesuffix(" NOT VALID"))
        return (self.kind, self.schema_name, self.table_name, self.name)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the live schema differs from the wanted one; `subject` is `table` or `table.column` as SQL."""

    kind: str
    subject: str
    wanted: str
    live: str
    part: Part


async def read_schema(pg: Postgres) -> list[Part]:
    """Return every part of the database's own schemas. Raises SystemProblem when it cannot be asked."""
    return [Part(**row) for row in await pg.fetch(load_sql(__file__, pg.version_num), limit=200_000)]


def differences(live: Sequence[Part], wanted: Sequence[Part]) -> list[Difference]:
    """Return what `live` lacks or has otherwise than `wanted`, the gravest first, what it has too much last. Pure."""
    here, there = {p.key: p for p in live}, {p.key: p for p in wanted}
    missing = {p.table for k, p in there.items() if p.kind == "table" and k not in here}
    found: list[Difference] = []
    for key, part in there.items():
        if part.kind != "table" and part.table in missing:
            continue  # told with its table
        mine = here.get(key)
        found += [_missing(part)] if mine is None else _changed(mine, part)
    found += [
        Difference("extra", _subject(p), "", _said(p), p) for k, p in here.items() if k not in there and ("table", *k[1:3], "") in there
    ]
    return sorted(found, key=lambda d: (KINDS.index(d.kind), d.subject))


def _missing(part: Part) -> Difference:
    return Difference(f"missing {part.kind}", _subject(part), _said(part), "", part)


def _changed(live: Part, wanted: Part) -> list[Difference]:
    if wanted.kind != "column":
        return []
    found = []
    for kind, mine, theirs in (
        ("changed type", live.type, wanted.type),
        ("changed null", _null(live), _null(wanted)),
        ("changed default", live.definition + live.identity, wanted.definition + wanted.identity),
    ):
        if mine != theirs:
            found.append(Difference(kind, _subject(wanted), theirs or "none", mine or "none", wanted))
    return found


def _null(part: Part) -> str:
    return "not null" if part.not_null else "null"


def _subject(part: Part) -> str:
    return f"{part.table}.{quote(part.name)}" if part.kind == "column" else part.table


def _said(part: Part) -> str:
    if part.kind == "column":
        return " ".join(
            word
            for word in (part.type, "not null" if part.not_null else "", f"default {part.definition}" if part.definition else "")
            if word
        )
    return part.definition or part.table
