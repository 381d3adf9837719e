"""The steps that replace an integer column by a bigint one while the application works. Pure; names were quoted by the server."""

# ruff: noqa: S608 - text for a person; every name in it was quoted by the server

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.postgres.column_dependents import Column, Dependent, renamed_in

__all__ = ["steps", "way_back"]

PAGES = 500  # 4 MB a batch: done in well under a second, and autovacuum can follow
QUICK = "SET lock_timeout = '2s';  -- run the step again when it times out: it must not queue behind a long statement"


def steps(column: Column) -> list[str]:
    """Return the steps in order; none holds a strong lock for longer than a moment."""
    return [
        "\n".join(["-- 1. a wide column, kept equal by a trigger", QUICK, *_beside(column)]),
        "\n".join(["-- 2. fill it in batches; may be stopped and run again", *_filled(column)]),
        "\n".join(
            ["-- 3. prove it complete, index it and gather its statistics, without a lock that blocks writers", QUICK, *_ready(column)]
        ),
        "\n".join(["-- 4. swap, in one short transaction", "BEGIN;", "SET LOCAL lock_timeout = '2s';", *_swap(column), "COMMIT;"]),
        "\n".join(["-- 5. afterwards", *_after(column)]),
    ]


def way_back(column: Column) -> list[str]:
    """Return the statements that leave nothing of the steps before the swap; what was built on the wide column goes with it."""
    return [
        f"DROP TRIGGER IF EXISTS {_made(column, 'widen')} ON {column.table};",
        f"DROP FUNCTION IF EXISTS {column.schema}.{_made(column, 'widen')}();",
        f"ALTER TABLE {column.table} DROP COLUMN IF EXISTS {_wide(column)};",
    ]


def _beside(c: Column) -> list[str]:
    function = f"{c.schema}.{_made(c, 'widen')}"
    return [
        f"ALTER TABLE {c.table} ADD COLUMN {_wide(c)} bigint;",
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS",
        f"  $$BEGIN NEW.{_wide(c)} := NEW.{c.name}; RETURN NEW; END$$;",
        f"CREATE TRIGGER {_made(c, 'widen')} BEFORE INSERT OR UPDATE ON {c.table} FOR EACH ROW EXECUTE FUNCTION {function}();",
    ]


def _filled(c: Column) -> list[str]:
    """By pages, not by key: it needs no index, and never reads what it has filled (TID range scan, PostgreSQL 14)."""
    size = f"pg_relation_size({_text(c.table)}) / current_setting('block_size')::int"
    return [
        f"DO $$ DECLARE page bigint := 0; pages bigint := {size}; BEGIN",
        "  WHILE page <= pages LOOP",
        f"    UPDATE {c.table} SET {_wide(c)} = {c.name}",
        f"      WHERE ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + {PAGES})::tid AND {_wide(c)} IS DISTINCT FROM {c.name};",
        f"    COMMIT; PERFORM pg_sleep(0.02); page := page + {PAGES};",
        "  END LOOP; END $$;",
    ]


def _ready(c: Column) -> Iterator[str]:
    if c.not_null:
        yield f"ALTER TABLE {c.table} ADD CONSTRAINT {_made(c, 'set')} CHECK ({_wide(c)} IS NOT NULL) NOT VALID;"
        yield f"ALTER TABLE {c.table} VALIDATE CONSTRAINT {_made(c, 'set')};"
    for number, index in enumerate(c.of("primary", "unique", "index")):
        unique, text = re.fullmatch(r"CREATE (UNIQUE )?INDEX (?:\"(?:[^\"]|\"\")+\"|\S+) (ON .*)", index.definition, re.S).groups()  # type: ignore[union-attr]
        yield f"CREATE {unique or ''}INDEX CONCURRENTLY {_made(c, f'wide_{number}')} {renamed_in(text, c.name, _wide(c))};"
    yield f"ANALYZE {c.table} ({_wide(c)});"


def _swap(c: Column) -> Iterator[str]:
    yield f"DROP TRIGGER {_made(c, 'widen')} ON {c.table};"
    yield f"DROP FUNCTION {c.schema}.{_made(c, 'widen')}();"
    if c.not_null:
        yield f"ALTER TABLE {c.table} ALTER COLUMN {_wide(c)} SET NOT NULL;  -- the validated constraint spares the scan"
        yield f"ALTER TABLE {c.table} DROP CONSTRAINT {_made(c, 'set')};"
    for one in (*c.of("referring", "foreign", "check"), *c.of("unique", "primary")):
        yield f"ALTER TABLE {one.relation} DROP CONSTRAINT {one.name};"
    for one in c.of("index"):
        yield f"DROP INDEX {c.schema}.{one.name};"
    yield from _numbering(c)
    if c.not_null:
        yield f"ALTER TABLE {c.table} ALTER COLUMN {c.name} DROP NOT NULL;"
    yield f"ALTER TABLE {c.table} RENAME COLUMN {c.name} TO {_narrow(c)};"
    yield f"ALTER TABLE {c.table} RENAME COLUMN {_wide(c)} TO {c.name};"
    for number, one in enumerate(c.of("primary", "unique", "index")):
        yield _taken_over(c, one, _made(c, f"wide_{number}"))
    for one in c.of("foreign", "check", "referring"):  # as they were written: the name in them is the new column's now
        yield f"ALTER TABLE {one.relation} ADD CONSTRAINT {one.name} {one.definition.removesuffix(' NOT VALID')} NOT VALID;"


def _taken_over(c: Column, one: Dependent, index: str) -> str:
    if one.kind == "index":
        return f"ALTER INDEX {c.schema}.{index} RENAME TO {one.name};"
    return f"ALTER TABLE {c.table} ADD CONSTRAINT {one.name} {'PRIMARY KEY' if one.kind == 'primary' else 'UNIQUE'} USING INDEX {index};"


def _numbering(c: Column) -> list[str]:
    """The statements that let the wide column go on where the narrow one ended, not at the highest row that is left."""
    if c.identity:
        kind = "ALWAYS" if c.identity == "a" else "BY DEFAULT"
        return [
            f"ALTER TABLE {c.table} ALTER COLUMN {_wide(c)} ADD GENERATED {kind} AS IDENTITY;",
            f"SELECT setval(pg_get_serial_sequence({_text(c.table)}, {_text(f'{c.plain[:50]}_wide')}), last_value, is_called) FROM {c.sequence};",
            f"ALTER TABLE {c.table} ALTER COLUMN {c.name} DROP IDENTITY;",
        ]  # fmt: skip
    if not c.sequence:
        return []
    moved = [f"ALTER SEQUENCE {c.sequence} OWNED BY {c.table}.{_wide(c)};"] if c.owned else []
    return [
        f"ALTER SEQUENCE {c.sequence} AS bigint MAXVALUE 9223372036854775807;",
        f"ALTER TABLE {c.table} ALTER COLUMN {_wide(c)} SET DEFAULT nextval({_text(c.sequence)});",
        f"ALTER TABLE {c.table} ALTER COLUMN {c.name} DROP DEFAULT;",
        *moved,
    ]


def _after(c: Column) -> list[str]:
    checked = [f"ALTER TABLE {one.relation} VALIDATE CONSTRAINT {one.name};" for one in c.of("foreign", "check", "referring")]
    return [*checked, f"ALTER TABLE {c.table} DROP COLUMN {_narrow(c)};  -- when no code reads it by position or by that name"]


def _made(c: Column, what: str) -> str:
    """Return the name of something these steps make, within the 63 bytes a name may have."""
    return _quoted(f"{c.table_name.encode()[:24].decode(errors='ignore')}_{c.plain.encode()[:24].decode(errors='ignore')}_{what}")


def _wide(c: Column) -> str:
    return _quoted(f"{c.plain[:50]}_wide")


def _narrow(c: Column) -> str:
    return _quoted(f"{c.plain[:50]}_narrow")


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
