"""VACUUM of a few tables, as the last step of a fix: its statements, what it costs, and what it left."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.errors import FixFailed, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.dead_tables import read_dead_tables
from helpers.postgres.write import PostgresWriter

__all__ = ["effects_of", "left_over", "run_vacuum", "vacuum_statements"]

# TRUNCATE would take ACCESS EXCLUSIVE at the end, for a moment that readers notice; the space is used again without it.
_STATEMENT = (
    "select format('VACUUM (TRUNCATE false) %I.%I', n.nspname, c.relname) as sql, "
    "pg_has_role(c.relowner, 'member') or pg_has_role(d.datdba, 'member') or "
    "case when current_setting('server_version_num')::int >= 170000 then has_table_privilege(c.oid, $2) else false end as may "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_database d on d.datname = current_database() "
    "where c.oid = to_regclass($1) and c.relkind in ('r', 'm')"
)
_SIZE = "select relpages::bigint * current_setting('block_size')::int as bytes, greatest(reltuples, 0)::float8 as rows from pg_class where oid = to_regclass($1)"
LOCK_S = 10.0  # an autovacuum of the same table gives way after deadlock_timeout, 1 s by default
VACUUM_S = 3600.0


async def vacuum_statements(pg: Postgres, tables: Sequence[str]) -> list[str]:
    """Return the statements; raise FixFailed for what is no table, or not this role's to vacuum."""
    out = []
    for table in tables:
        # before 17 there is no such privilege to ask for, and its name would be an error
        rows = await pg.fetch(_STATEMENT, table, "MAINTAIN" if pg.version_num >= 170000 else "SELECT")
        if not rows:
            raise FixFailed(f"There is no table {table} to VACUUM.")
        if not rows[0]["may"]:
            raise FixFailed(
                f"This role may not VACUUM {table}.", remedy=f"Let its owner do so, or GRANT MAINTAIN ON {table} (PostgreSQL 17+)."
            )
        out.append(str(rows[0]["sql"]) + ";")
    return out


async def effects_of(pg: Postgres, tables: Sequence[str]) -> list[str]:
    """Return what the VACUUM reads and locks, as sentences."""
    sizes = [await pg.fetch(_SIZE, table) for table in tables]
    read = sum(rows[0]["bytes"] for rows in sizes if rows)
    return [
        f"VACUUM reads up to {read / 1e6:,.1f} MB of {', '.join(tables)}, without autovacuum's pauses. It takes SHARE UPDATE EXCLUSIVE: "
        "reads and writes go on, other DDL of the table waits. The space is used again, not given back to the system.",
        f"It waits for a lock at most {LOCK_S:g} s; an autovacuum of the same table gives way to it.",
    ]


async def run_vacuum(writer: PostgresWriter, statements: Sequence[str]) -> None:
    """Run the VACUUM statements among `statements`; raise FixFailed when one does not end."""
    for statement in statements:
        if not statement.startswith("VACUUM "):
            continue
        try:
            await writer.execute(statement.rstrip(";"), timeout_s=VACUUM_S, lock_timeout_s=LOCK_S)
        except SystemProblem as problem:
            remedy = f"Run it by hand: {statement}"
            raise FixFailed(f"{statement.rstrip(';')} did not end: {problem.reason}", remedy=remedy) from problem


async def left_over(pg: Postgres, tables: Sequence[str]) -> str:
    """Return how many dead rows each table has now, as the server counts them."""
    dead = {t.table: t.dead_rows for t in await read_dead_tables(pg)}
    return f"Dead rows now: {', '.join(f'{table} {dead.get(table, 0):,}' for table in tables)}."
