"""How many connections an ordinary role may open, all roles together."""

from __future__ import annotations

from helpers.postgres.connect import Postgres

__all__ = ["usable_connections"]


async def usable_connections(pg: Postgres) -> int:
    """Return max_connections less what is reserved for superusers and (PostgreSQL 16+) for pg_use_reserved_connections."""
    return int(
        await pg.value(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int "
            "- coalesce(current_setting('reserved_connections', true)::int, 0)"
        )
    )
