"""The statements that bring a live schema to the wanted one, additive where that is possible, and the way back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.schema_catalog import Difference, Part, quote

__all__ = ["Change", "change_for"]


@dataclass(frozen=True, slots=True)
class Change:
    """Statements for one difference; `careful` says what to know before they run, `alone` that they run outside a transaction."""

    up: list[str]
    down: list[str]
    careful: str = ""
    alone: bool = False


def change_for(difference: Difference, wanted: Sequence[Part]) -> Change:
    """Return the statements for one difference; none for what the live schema has too much."""
    make = {
        "missing table": _table, "missing column": _column, "changed type": _type, "changed null": _null, "missing constraint": _constraint,
        "missing index": _index, "changed default": _default,
    }.get(difference.kind)  # fmt: skip
    if make is None:
        return Change([], [], f"{difference.subject} has {difference.live}, which the wanted schema lacks: left alone.")
    return make(difference, [p for p in wanted if p.table == difference.part.table])


def _definition(column: Part) -> str:
    words = [quote(column.name), column.type]
    if column.identity in ("a", "d"):
        words.append(f"GENERATED {'ALWAYS' if column.identity == 'a' else 'BY DEFAULT'} AS IDENTITY")
    elif column.identity:
        words.append(f"GENERATED ALWAYS AS ({column.definition}) {'VIRTUAL' if column.identity == 'v' else 'STORED'}")
    elif column.definition:
        words.append(f"DEFAULT {column.definition}")
    return " ".join([*words, "NOT NULL"] if column.not_null else words)


def _table(difference: Difference, parts: Sequence[Part]) -> Change:
    columns = [_definition(p) for p in parts if p.kind == "column"]
    rules = [f"CONSTRAINT {quote(p.name)} {p.definition}" for p in parts if p.kind == "constraint"]
    schema = f"CREATE SCHEMA IF NOT EXISTS {quote(difference.part.schema_name)};"
    body = ",\n    ".join([*columns, *rules])
    indexes = [p.definition + ";" for p in parts if p.kind == "index"]
    made = [f"CREATE TABLE {difference.subject} (\n    {body}\n);", *indexes]
    return Change([schema, *made] if difference.part.schema_name != "public" else made, [f"DROP TABLE {difference.subject};"])


def _column(difference: Difference, parts: Sequence[Part]) -> Change:
    part = difference.part
    down = [f"ALTER TABLE {part.table} DROP COLUMN {quote(part.name)};"]
    if part.not_null and not (part.definition or part.identity):
        bare = f"ALTER TABLE {part.table} ADD COLUMN {quote(part.name)} {part.type};"
        later = (
            f"{difference.subject} must be NOT NULL and has no default: fill it first, then ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, "
            f"VALIDATE CONSTRAINT, ALTER COLUMN {quote(part.name)} SET NOT NULL."
        )
        return Change([bare], down, later)
    return Change([f"ALTER TABLE {part.table} ADD COLUMN {_definition(part)};"], down)


def _type(difference: Difference, parts: Sequence[Part]) -> Change:
    part, table = difference.part, difference.part.table
    return Change(
        [f"ALTER TABLE {table} ALTER COLUMN {quote(part.name)} TYPE {difference.wanted};"],
        [f"ALTER TABLE {table} ALTER COLUMN {quote(part.name)} TYPE {difference.live};"],
        f"Changing the type of {difference.subject} from {difference.live} to {difference.wanted} rewrites the table under ACCESS EXCLUSIVE unless the "
        "types share their storage: on a large table use a second column, filled in batches.",
    )


def _null(difference: Difference, parts: Sequence[Part]) -> Change:
    part, table, column = difference.part, difference.part.table, quote(difference.part.name)
    if difference.wanted == "null":
        return Change(
            [f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;"], [f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;"]
        )
    name = quote(f"{part.table_name[:30]}_{part.name[:20]}_set")
    return Change(
        [
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;",
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
            f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;",
            f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        ],
        [f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;"],
        f"Rows where {difference.subject} is NULL must be filled first.",
    )


def _constraint(difference: Difference, parts: Sequence[Part]) -> Change:
    part, name = difference.part, quote(difference.part.name)
    down = [f"ALTER TABLE {part.table} DROP CONSTRAINT {name};"]
    if part.type in ("f", "c"):
        rule = part.definition.removesuffix(" NOT VALID")
        return Change(
            [f"ALTER TABLE {part.table} ADD CONSTRAINT {name} {rule} NOT VALID;", f"ALTER TABLE {part.table} VALIDATE CONSTRAINT {name};"],
            down,
        )
    return Change(
        [f"ALTER TABLE {part.table} ADD CONSTRAINT {name} {part.definition};"], down,
        f"{name} builds its index under a lock that blocks writers: on a large table CREATE UNIQUE INDEX CONCURRENTLY first, then USING INDEX.",
    )  # fmt: skip


def _index(difference: Difference, parts: Sequence[Part]) -> Change:
    part = difference.part
    made = part.definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1) + ";"
    schema = "" if part.schema_name == "public" else quote(part.schema_name) + "."
    return Change([made], [f"DROP INDEX CONCURRENTLY {schema}{quote(part.name)};"], alone=True)


def _default(difference: Difference, parts: Sequence[Part]) -> Change:
    part, table, column = difference.part, difference.part.table, quote(difference.part.name)
    if part.identity or not difference.live.strip():
        return Change([], [], f"{difference.subject} is numbered otherwise ({difference.live} instead of {difference.wanted}): by hand.")

    def to(value: str) -> str:
        return f"ALTER TABLE {table} ALTER COLUMN {column} " + ("DROP DEFAULT;" if value == "none" else f"SET DEFAULT {value};")

    return Change([to(difference.wanted)], [to(difference.live)])
