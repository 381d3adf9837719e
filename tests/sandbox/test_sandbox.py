"""The sandbox's servers are real, private, and shaped like a field's."""

from __future__ import annotations

import asyncpg


async def test_the_profiles_role_owns_the_tables_and_is_no_superuser(sandbox_server):
    """What a runbook is given can fix things, and nothing more."""
    connection = await asyncpg.connect(sandbox_server.postgres_dsn)
    row = await connection.fetchrow(
        "select rolsuper, pg_has_role('pg_monitor', 'usage') as sees, pg_has_role('pg_signal_backend', 'usage') as ends,"
        " (select tableowner = current_user from pg_tables where tablename = 'orders') as owns from pg_roles where rolname = current_user"
    )
    await connection.close()
    assert dict(row) == {"rolsuper": False, "sees": True, "ends": True, "owns": True}
