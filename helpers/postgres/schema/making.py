"""The statements that make what is missing as a whole: a type, a table, a column. Pure; every name in them was quoted by the server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.schema.catalog import Schema, SchemaObject

__all__ = ["Change", "add_column", "add_constraint", "check_not_null", "column_text", "create_index", "create_relation", "create_sequence"]

# Constants and the time of the transaction: the server keeps one value beside the table instead of writing every row (manual, ALTER TABLE).
_FAST_DEFAULT = re.compile(
    r"'(?:[^']|'')*'(?:::[\w\s\".()\[\]]+)?|[-\d.]+|\(?-?[\d.]+\)?(?:::[\w\s()]+)?|true|false|now\(\)|CURRENT_\w+|ARRAY\[\](?:::[\w\s\[\]]+)?"
)
_SEQUENCE = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")


@dataclass(frozen=True, slots=True)
class Change:
    """Statements for one difference: `up` and `down` each run by itself, `later` when a person has done what `careful` says."""

    up: Sequence[str] = ()
    down: Sequence[str] = ()
    later: Sequence[str] = ()
    careful: str = ""


def column_text(column: SchemaObject) -> str:
    """Return a column as CREATE TABLE has it."""
    words = [column.name, column.definition]
    if column.extra in ("identity", "generated"):
        words.append(column.default_value)
    elif column.default_value:
        words.append(f"DEFAULT {column.default_value}")
    return " ".join([*words, "NOT NULL"] if column.required else words)


def create_relation(thing: SchemaObject, wanted: Schema, live: Schema) -> Change:
    """Return a table with its columns, its rules but for foreign keys, and its indexes; for a view, where to take it from."""
    if thing.type_code not in ("r", "p"):
        return Change(careful=f"{thing.relation} is a {thing.definition}: take its text from the wanted database (pg_get_viewdef).")
    columns = wanted.of("column", thing.relation)
    rules = [c for c in wanted.of("constraint", thing.relation) if c.type_code != "f"]
    body = ",\n    ".join([column_text(c) for c in columns] + [f"CONSTRAINT {c.name} {c.definition}" for c in rules])
    up = [
        *_schema_of(thing, live),
        *(s for c in columns for s in create_sequence(c)),
        f"CREATE TABLE {thing.relation} (\n    {body}\n){f' {thing.extra}' if thing.extra else ''};",
    ]
    up += [s for c in columns for s in own_sequence(c)]
    up += [f"CREATE {'UNIQUE ' if i.extra else ''}INDEX {i.name} ON {i.definition};" for i in wanted.of("index", thing.relation)]
    careful = f"{thing.relation} is partitioned: its partitions are not part of this." if thing.extra else ""
    return Change(up, [f"DROP TABLE {thing.relation};"], careful=careful)


def _schema_of(thing: SchemaObject, live: Schema) -> list[str]:
    if any(o.schema_name == thing.schema_name for o in live.objects):
        return []
    name = '"' + thing.schema_name.replace('"', '""') + '"'
    return [f"CREATE SCHEMA IF NOT EXISTS {name};"]


def _sequence(column: SchemaObject) -> str:
    found = _SEQUENCE.fullmatch(column.default_value)
    return found[1].replace("''", "'") if found else ""


def create_sequence(column: SchemaObject) -> list[str]:
    """Return the statement for the sequence a column's default takes its numbers from; none for other defaults."""
    name = _sequence(column)
    kind = f" AS {column.definition}" if column.definition in ("smallint", "integer", "bigint") else ""
    return [f"CREATE SEQUENCE IF NOT EXISTS {name}{kind};"] if name else []


def own_sequence(column: SchemaObject) -> list[str]:
    """Return the statement that lets the sequence go with its column."""
    name = _sequence(column)
    return [f"ALTER SEQUENCE {name} OWNED BY {column.relation}.{column.name};"] if name else []


def add_column(column: SchemaObject) -> Change:
    """Return the column as it can be added while the application works: NOT NULL only with a default that needs no rewriting."""
    table, down = column.relation, [f"ALTER TABLE {column.relation} DROP COLUMN {column.name};"]
    if column.extra:
        careful = f"{table}.{column.name} is {column.extra}: adding it writes every row under ACCESS EXCLUSIVE."
        return Change([f"ALTER TABLE {table} ADD COLUMN {column_text(column)};"], down, careful=careful)
    if not column.default_value or _FAST_DEFAULT.fullmatch(column.default_value):
        if column.default_value or not column.required:
            return Change([f"ALTER TABLE {table} ADD COLUMN {column_text(column)};"], down)
        careful = f"{table}.{column.name} is NOT NULL without a default: decide what the rows that exist get, and fill them in batches."
        return Change([f"ALTER TABLE {table} ADD COLUMN {column.name} {column.definition};"], down, check_not_null(column), careful)
    up = [
        *create_sequence(column),
        f"ALTER TABLE {table} ADD COLUMN {column.name} {column.definition};",
        f"ALTER TABLE {table} ALTER COLUMN {column.name} SET DEFAULT {column.default_value};",
        *own_sequence(column),
    ]
    careful = f"The default of {table}.{column.name} is computed for every row: fill the rows that exist in batches."
    return Change(up, down, check_not_null(column) if column.required else (), careful)


def check_not_null(column: SchemaObject) -> list[str]:
    """Return the way to NOT NULL that never reads the table under a strong lock: the validated check spares SET NOT NULL its scan."""
    table, name = column.relation, '"' + f"{column.relation_name[:30]}_{column.position}_set".replace('"', '""') + '"'
    return [
        f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column.name} IS NOT NULL) NOT VALID;",
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name};",
        f"ALTER TABLE {table} ALTER COLUMN {column.name} SET NOT NULL;",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    ]


def add_constraint(rule: SchemaObject) -> Change:
    """Return the rule: checks and foreign keys NOT VALID first, keys over an index built without blocking writers."""
    table, text = rule.relation, rule.definition.removesuffix(" NOT VALID")
    down = [f"ALTER TABLE {table} DROP CONSTRAINT {rule.name};"]
    if rule.type_code in ("f", "c"):
        up = [f"ALTER TABLE {table} ADD CONSTRAINT {rule.name} {text} NOT VALID;", f"ALTER TABLE {table} VALIDATE CONSTRAINT {rule.name};"]
        return Change(
            up, down, careful=f"VALIDATE of {rule.name} fails while rows of {table} break it; new rows obey it from the first statement on."
        )
    if rule.extra and "DEFERRABLE" not in text:
        kind = "PRIMARY KEY" if rule.type_code == "p" else "UNIQUE"
        up = [
            f"CREATE UNIQUE INDEX CONCURRENTLY {rule.name} ON {rule.extra};",
            f"ALTER TABLE {table} ADD CONSTRAINT {rule.name} {kind} USING INDEX {rule.name};",
        ]
        return Change(up, down, careful=f"Building {rule.name} fails while {table} holds duplicates.")
    return Change(
        (), (), [f"ALTER TABLE {table} ADD CONSTRAINT {rule.name} {text};"], f"{rule.name} is built under a lock that blocks writers."
    )


def create_index(index: SchemaObject) -> Change:
    """Return the index, built without blocking writers."""
    schema = index.relation[: -len(_last(index))]
    unique = "UNIQUE " if index.extra else ""
    return Change(
        [f"CREATE {unique}INDEX CONCURRENTLY {index.name} ON {index.definition};"], [f"DROP INDEX CONCURRENTLY {schema}{index.name};"]
    )


def _last(thing: SchemaObject) -> str:
    """Return the relation's own name as it stands quoted at the end of `relation`."""
    quoted = '"' + thing.relation_name.replace('"', '""') + '"'
    return quoted if thing.relation.endswith("." + quoted) else thing.relation_name
