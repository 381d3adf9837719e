"""What is known of a role before it is altered (I/O)."""

from __future__ import annotations

from helpers.errors import ParameterError
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.sql import load_sql
from helpers.postgres.write import PostgresWriter

__all__ = ["MAY_ALTER", "role_facts"]

MAY_ALTER = "It takes CREATEROLE, and on PostgreSQL 16 and newer ADMIN OPTION on that role, too."


async def role_facts(session: Postgres | PostgresWriter, role: str, *, missing_ok: bool = False) -> Record:
    """Return `superuser`, `connection_limit` (-1: none), `sessions`, `may_alter` and `myself` of a role; empty where `missing_ok`.

    Raises ParameterError when there is no such role.
    """
    ask = session.execute if isinstance(session, PostgresWriter) else session.fetch
    found = await ask(load_sql(__file__, 0), role)
    if not found and not missing_ok:
        raise ParameterError(f"There is no role {role}.")
    return found[0] if found else {}
