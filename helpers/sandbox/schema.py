"""The demo's database: its roles and rights, its tables, and the indexes a heal puts back."""

from __future__ import annotations

from pathlib import Path

import asyncpg

__all__ = ["APPLICATION", "BASELINE_INDEXES", "DEFAULT_ROWS", "OWNER", "customers_for", "make_database", "restore_indexes"]

APPLICATION = "shop_app"
OWNER = "shop_owner"
DEFAULT_ROWS = 300_000

# As pg_get_indexdef() writes them.
BASELINE_INDEXES = {
    "orders_pkey": "CREATE UNIQUE INDEX orders_pkey ON public.orders USING btree (id)",
    "orders_customer_id_idx": "CREATE INDEX orders_customer_id_idx ON public.orders USING btree (customer_id)",
    "orders_created_at_idx": "CREATE INDEX orders_created_at_idx ON public.orders USING btree (created_at)",
}

_ROLES = """
    select format('create role %I login password %L', r, p) from unnest($1::text[], $2::text[]) as x(r, p)
"""
_RIGHTS = f"""
    grant usage on schema public to {APPLICATION};
    alter default privileges for role {OWNER} grant select, insert, update, delete on tables to {APPLICATION};
    alter default privileges for role {OWNER} grant usage, select on sequences to {APPLICATION};
    alter default privileges for role {OWNER} grant usage on schemas to {APPLICATION};
"""
# The statistics hold the application's statements only: not the password above, not the seeding.
_UNSEEN = {"pg_stat_statements.track": "none"}


def customers_for(rows: int) -> int:
    """Return how many customers own `rows` orders: twenty orders each."""
    return max(rows // 20, 100)


async def make_database(server_dsn: str, shop_dsn: str, passwords: dict[str, str], rows: int) -> None:
    """Make roles, database and tables, filled and analyzed; `server_dsn` and `shop_dsn` are the superuser's."""
    connection = await asyncpg.connect(server_dsn, timeout=10, server_settings=_UNSEEN)
    try:
        for record in await connection.fetch(_ROLES, list(passwords), list(passwords.values())):
            await connection.execute(record[0])
        await connection.execute(f"grant pg_monitor, pg_signal_backend to {OWNER}")
        if connection.get_server_version().major >= 16:
            await connection.execute(f"grant pg_use_reserved_connections to {OWNER}")
        await connection.execute(f"create database shop owner {OWNER}")
    finally:
        await connection.close(timeout=10)
    connection = await asyncpg.connect(shop_dsn, timeout=10, command_timeout=120, server_settings=_UNSEEN)
    try:
        await connection.execute("create extension pg_stat_statements")
        await connection.execute(_RIGHTS)
        await _fill(connection, rows)
        await connection.execute("reset role; select pg_stat_statements_reset()")
    finally:
        await connection.close(timeout=10)


async def _fill(connection: asyncpg.Connection, rows: int) -> None:
    script = Path(__file__).with_name("schema.sql").read_text()
    script = script.replace("$CUSTOMERS", str(customers_for(rows))).replace("$ROWS", str(rows))
    await connection.execute(f"set role {OWNER}")
    await connection.execute("set maintenance_work_mem = '64MB'; set max_parallel_maintenance_workers = 2")
    await connection.execute(script)
    for table in ("customers", "orders", "order_items"):
        # Not left to autovacuum: its work would disturb the first measurements.
        await connection.execute(f"vacuum (analyze) {table}")


async def restore_indexes(connection: asyncpg.Connection) -> None:
    """Put the indexes of `orders` back as they were: extra ones dropped, missing or invalid ones built."""
    found = await connection.fetch(
        "select c.relname as name, i.indisvalid as valid, pg_get_indexdef(c.oid) as definition"
        " from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'public.orders'::regclass"
    )
    sound = {r["name"] for r in found if r["valid"] and BASELINE_INDEXES.get(r["name"]) == r["definition"]}
    for name in {r["name"] for r in found} - sound:
        await connection.execute(await connection.fetchval("select format('drop index public.%I', $1::text)", name))
    for name in BASELINE_INDEXES.keys() - sound:
        await connection.execute(BASELINE_INDEXES[name])
