"""One index as the catalog has it just now: for fixes that must look again before they act."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.errors import BadAnswer, FixFailed, ParameterError
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.write import PostgresWriter

__all__ = ["IndexState", "find_index", "index_state", "transient_of"]

_STATE = (
    "select i.indexrelid::bigint as oid, n.nspname::text as schema, c.relname::text as name, format('%I.%I', n.nspname, c.relname) as quoted, "
    "i.indrelid::regclass::text as table, i.indrelid::bigint as table_oid, pg_get_indexdef(i.indexrelid) as definition, "
    "i.indisvalid and i.indisready and i.indislive as valid, i.indisunique as unique, i.indisready as ready, c.relkind = 'I' as partitioned, "
    "i.indisreplident or exists (select from pg_constraint k where k.conindid = i.indexrelid) as depended_on, "
    "greatest(t.reltuples, 0)::float8 as rows, t.relpages::bigint * current_setting('block_size')::int as table_bytes, "
    "c.relpages::bigint * current_setting('block_size')::int as size_bytes, "
    "exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.relid = i.indrelid and p.pid <> pg_backend_pid()) as at_work "
    "from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_class t on t.oid = i.indrelid "
    "where i.indexrelid = to_regclass($1)"
)
_TRANSIENT = (
    "select n.nspname::text as schema, c.relname::text as name from pg_index i join pg_class c on c.oid = i.indexrelid "
    "join pg_namespace n on n.oid = c.relnamespace where i.indrelid = $1::bigint::oid and not i.indisvalid and c.relname ~ '_ccnew[0-9]*$' order by 1, 2"
)


@dataclass(frozen=True, slots=True)
class IndexState:
    """One index; `quoted` and `table` are SQL, `ready` says that writes maintain it, `at_work` that a build runs on its table."""

    oid: int
    schema: str
    name: str
    quoted: str
    table: str
    table_oid: int
    definition: str
    valid: bool
    unique: bool
    ready: bool
    partitioned: bool
    depended_on: bool
    rows: float
    table_bytes: int
    size_bytes: int
    at_work: bool


async def find_index(ask: Postgres | PostgresWriter, index: str) -> IndexState | None:
    """Return the index that the SQL name `index` means here, or None; raise ParameterError when it is no name."""
    try:
        rows = await _rows(ask, _STATE, index)
    except BadAnswer as problem:
        raise ParameterError(f"{index!r} is not an index's name: {problem.reason}", remedy="Quote it as the server does.") from None
    return IndexState(**rows[0]) if rows else None


async def index_state(ask: Postgres | PostgresWriter, index: str) -> IndexState:
    """Return the index that the SQL name `index` means here; raise FixFailed when there is none."""
    state = await find_index(ask, index)
    if state is None:
        raise FixFailed(f"There is no index {index} (any more).", remedy="Run the diagnosis again.")
    return state


async def transient_of(ask: Postgres | PostgresWriter, state: IndexState) -> list[tuple[str, str]]:
    """Return (schema, name) of the invalid `_ccnew` indexes on the same table."""
    return [(r["schema"], r["name"]) for r in await _rows(ask, _TRANSIENT, state.table_oid)]


async def _rows(ask: Postgres | PostgresWriter, sql: str, *args: object) -> list[Record]:
    return await (ask.fetch(sql, *args) if isinstance(ask, Postgres) else ask.execute(sql, *args))
