"""The table and keys of an index to be made, taken from the server: every name is quoted by it, every expression parsed by it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.errors import BadAnswer, ParameterError
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.plans.tokens import Token, depths, outer_brackets_removed, split_at, text_of, tokens

__all__ = ["Part", "Target", "free_name", "resolve", "usable_keys", "usable_predicate"]

LONGEST_NAME_BYTES = 63  # NAMEDATALEN - 1
_SUFFIX = re.compile(r"(?:[a-z_][a-z0-9_]*_ops)?(?: ?(?:ASC|DESC))?(?: ?NULLS (?:FIRST|LAST))?")
_TARGET = (
    "select c.oid::bigint as oid, n.nspname::text as schema, c.relname::text as table, c.relkind::text as kind, "
    "format('%I.%I', n.nspname, c.relname) as quoted, greatest(c.reltuples, 0)::float8 as rows, "
    "c.relpages::bigint * current_setting('block_size')::int as size_bytes "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)"
)
_PARTS = (
    "select t.relid::bigint as oid, t.parentrelid::bigint as parent, t.isleaf, t.level, n.nspname::text as schema, c.relname::text as table, "
    "c.relkind::text as kind, greatest(c.reltuples, 0)::float8 as rows, c.relpages::bigint * current_setting('block_size')::int as size_bytes "
    "from pg_partition_tree($1::bigint::oid::regclass) t join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace "
    "order by t.level, c.relname"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a partition tree, the root included."""

    oid: int
    parent: int | None
    leaf: bool
    schema: str
    table: str
    rows: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Target:
    """The table an index goes on; `parts` is its partition tree, root first, and empty for a plain table."""

    oid: int
    schema: str
    table: str
    quoted: str
    rows: float
    size_bytes: int
    parts: tuple[Part, ...] = field(default=())


async def resolve(pg: Postgres, table: str) -> Target:
    """Return the table that the SQL name `table` means here; raise ParameterError when there is none that can be indexed."""
    try:
        rows = await pg.fetch(_TARGET, table)
    except BadAnswer as problem:
        raise ParameterError(f"{table!r} is not a table's name: {problem.reason}", remedy="Quote it as the server does.") from None
    if not rows:
        raise ParameterError(f"There is no table {table!r}.", remedy='Write its schema, and quote what needs quotes: "Sales"."Order".')
    row = rows[0]
    if row["kind"] not in ("r", "m", "p"):
        raise ParameterError(f"{table} is not a table, so it has no indexes.")
    parts = await _parts(pg, row["oid"]) if row["kind"] == "p" else ()
    leaves = [p for p in parts if p.leaf]
    rows_, size = sum(p.rows for p in leaves), sum(p.size_bytes for p in leaves)
    return Target(row["oid"], row["schema"], row["table"], row["quoted"], row["rows"] or rows_, row["size_bytes"] or size, parts)


async def _parts(pg: Postgres, oid: int) -> tuple[Part, ...]:
    rows = await pg.fetch(_PARTS, oid, limit=10_000)
    foreign = [r["table"] for r in rows if r["kind"] == "f"]
    if foreign:
        raise ParameterError(f"The partition {foreign[0]} is a foreign table, so its parent cannot be indexed from here.")
    return tuple(Part(r["oid"], r["parent"], r["isleaf"], r["schema"], r["table"], r["rows"], r["size_bytes"]) for r in rows)


async def usable_keys(pg: Postgres, target: Target, columns: Sequence[str]) -> list[str]:
    """Return the key columns as they go into CREATE INDEX; raise ParameterError for what is no column or expression of the table."""
    if not columns:
        raise ParameterError("An index needs at least one column.")
    known = [r["quoted"] for r in await pg.fetch(
        "select quote_ident(attname) as quoted from pg_attribute where attrelid = $1::bigint::oid and attnum > 0 and not attisdropped", target.oid
    )]  # fmt: skip
    out = []
    for column in columns:
        words, suffix = _parted(column)
        base = text_of(words)
        if base not in known:
            base = f"({text_of(outer_brackets_removed(words))})"
            await _must_parse(pg, f"select {base} from {target.quoted}", column)  # noqa: S608 - identifiers come quoted from the server, values are bound
        out.append(f"{base} {suffix}".strip())
    return out


async def usable_predicate(pg: Postgres, target: Target, where: str) -> str:
    """Return a partial index's predicate in brackets, or nothing; raise ParameterError when it is none of this table."""
    if not where:
        return ""
    words, suffix = _parted(where)
    if suffix:
        raise ParameterError(f"{where!r} is not a predicate.")
    text = f"({text_of(outer_brackets_removed(words))})"
    await _must_parse(pg, f"select from {target.quoted} where {text}", where)
    return text


def _parted(column: str) -> tuple[list[Token], str]:
    """Return an expression's words and its suffix (operator class, direction); nothing may end the expression early."""
    try:
        words = tokens(column)
        split = next(i for i in range(1, len(words) + 1) if _SUFFIX.fullmatch(text_of(words[i:])))
        base, suffix = words[:split], text_of(words[split:])
        sound = bool(base) and len(split_at(base, ",")) == 1 and min(depths(base)) == 0
    except (ValueError, StopIteration) as error:
        raise ParameterError(f"{column!r} is not a column or expression: {error}.") from None
    comments = any(w.kind == "operator" and ("--" in w.text or "/*" in w.text) for w in words)
    if not sound or comments or any(w.text == ";" for w in words) or not _SUFFIX.fullmatch(suffix):
        raise ParameterError(f"{column!r} is not one column or expression.", remedy="Give one per list entry, quoted as the server does.")
    return base, suffix


async def _must_parse(pg: Postgres, sql: str, what: str) -> None:
    try:
        await pg.explain(sql)
    except BadAnswer as problem:
        raise ParameterError(f"{what!r} is not a column or expression of that table: {problem.reason}") from None


async def free_name(pg: Postgres, schema: str, words: Sequence[str], taken: Sequence[str] = ()) -> str:
    """Return `words` joined to an index name of at most 63 bytes that nothing in `schema` has, the same every time."""
    base = _name(words)
    for number in range(1, 100):
        name = base if number == 1 else _name([*words[:-1], str(number), words[-1]])
        rows: list[Record] = await pg.fetch(
            "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2", schema, name
        )
        if not rows and name not in taken:
            return name
    raise ParameterError(f"A hundred relations are called like {base}.", remedy="Give `index_name`.")


def _name(words: Sequence[str]) -> str:
    plain = re.sub(r"\W+", "_", "_".join(words)).strip("_")
    if len(plain.encode()) <= LONGEST_NAME_BYTES:
        return plain
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()[:8]
    head = plain.encode()[: LONGEST_NAME_BYTES - 13].decode("utf-8", "ignore").strip("_")
    return f"{head}_{digest}_idx"
