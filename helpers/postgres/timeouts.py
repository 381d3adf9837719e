"""idle_in_transaction_session_timeout of a role or a database: what it is, who may set it, and the statement that does (I/O)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.roles import role_facts
from helpers.postgres.write import PostgresWriter

__all__ = ["alter_statement", "place_for", "value_at"]

Asked = Postgres | PostgresWriter

_SET = "select format('ALTER ' || upper($1::text) || ' %I SET idle_in_transaction_session_timeout = %L', $2::text, $3::text) as statement"
_RESET = "select format('ALTER ' || upper($1::text) || ' %I RESET idle_in_transaction_session_timeout', $2::text) as statement"
_VALUE = r"""
select split_part(c, '=', 2) as value
from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
where c like 'idle\_in\_transaction\_session\_timeout=%'
  and (($1 = 'role' and r.rolname = $2 and s.setdatabase = 0) or ($1 = 'database' and d.datname = $2 and s.setrole = 0))
"""
_OWNS = "select pg_has_role(datdba, 'member') as owns from pg_database where datname = $1"


async def _ask(session: Asked, sql: str, *arguments: Any) -> list[Any]:
    rows = await (session.execute if isinstance(session, PostgresWriter) else session.fetch)(sql, *arguments)
    return [next(iter(row.values())) for row in rows]


async def place_for(session: Asked, role: str, database: str) -> dict[str, str]:
    """Return where the asking role may set it so that it holds for `role`, as `kind` and `name`: the role, else the database; empty where neither."""
    facts = await role_facts(session, role, missing_ok=True)
    own = {"kind": "role", "name": role}
    if facts and (facts["may_alter"] or facts["myself"]):
        return own
    if await value_at(session, own) is not None:  # it outdoes what the database says
        return {}
    return {"kind": "database", "name": database} if any(await _ask(session, _OWNS, database)) else {}


async def value_at(session: Asked, where: Mapping[str, Any]) -> str | None:
    """Return the value that is set for that role or database, None where none is."""
    found = await _ask(session, _VALUE, where["kind"], where["name"])
    return str(found[0]) if found else None


async def alter_statement(session: Asked, where: Mapping[str, Any], value: str | None) -> str:
    """Return the statement that sets `value` there, or takes it away when it is None; names quoted by the server."""
    found = await _ask(session, _RESET if value is None else _SET, where["kind"], where["name"], *([] if value is None else [value]))
    return str(found[0])
