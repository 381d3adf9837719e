"""What building an index costs and waits for, read before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import Target
from helpers.postgres.plans.candidate import key_text
from helpers.postgres.plans.catalog import indexes_of
from helpers.postgres.plans.facts import Index
from helpers.postgres.plans.tokens import outer_brackets_removed, text_of, tokens
from helpers.postgres.write import PostgresWriter

__all__ = ["effects_of", "equivalent", "stallers"]

_OLD = (
    "select a.pid, a.application_name, a.state, extract(epoch from now() - a.xact_start)::float8 as age_s from pg_stat_activity a "
    "where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start < now() - $1::float8 * interval '1 second' "
    "and (a.backend_xmin is not null or exists (select from pg_locks l where l.pid = a.pid and l.relation = any (select unnest($2::bigint[])::oid))) "
    "order by a.xact_start"
)
_WIDTH = (
    "select coalesce(sum(avg_width), 0)::float8 as width from pg_stats p join pg_class c on c.relname = p.tablename "
    "join pg_namespace n on n.oid = c.relnamespace and n.nspname = p.schemaname where c.oid = $1::bigint::oid and quote_ident(p.attname) = any ($2::text[])"
)
UNKNOWN_WIDTH = 16.0  # an expression without statistics
TUPLE_BYTES = 16.0  # index tuple header 8, line pointer 4, alignment
FILL = 0.9  # a b-tree's default fillfactor


async def equivalent(pg: Postgres, target: Target, keys: Sequence[str], where: str) -> list[Index]:
    """Return the indexes, valid or not, that begin with `keys` in order and have the same predicate or none."""
    wanted = [(key_text(k), _opclass(k)) for k in keys]
    out = []
    for index in await indexes_of(pg, target.oid):
        have = [(key_text(k), _opclass(k)) for k in index.keys[: len(wanted)]]
        if have == wanted and index.method == "btree" and (not index.predicate or _plain(index.predicate) == _plain(where)):
            out.append(index)
    return out


def _opclass(key: str) -> str:
    return next((w for w in key.split() if w.endswith("_ops")), "")


def _plain(predicate: str) -> str:
    return text_of(outer_brackets_removed(tokens(predicate))) if predicate else ""


async def effects_of(pg: Postgres, target: Target, keys: Sequence[str], there: Sequence[Index], lock_timeout_s: float) -> list[str]:
    """Return size, locks and what would hold the build up, as sentences."""
    leaves = [p for p in target.parts if p.leaf]
    size = await _index_bytes(pg, target, keys)
    out = [
        f"{target.quoted} has about {target.rows:,.0f} rows ({_mb(target.size_bytes)}); the index takes about {_mb(size)} (estimated).",
        "CONCURRENTLY takes SHARE UPDATE EXCLUSIVE: reads and writes go on; other DDL and VACUUM of the table wait. The table is read twice.",
        f"It waits for transactions that use the table or hold an older snapshot, at most {lock_timeout_s:g} s each; then it gives up and cleans up.",
    ]
    if leaves:
        out.append(
            f"Partition by partition ({len(leaves)}); the parents' own index and ATTACH take a short lock each. The drop locks the parent."
        )
    out += [f"{i.name} on the same columns is INVALID and stays: REINDEX or drop it." for i in there if not i.valid]
    oids = [target.oid, *(p.oid for p in target.parts)]
    out += [f"Would stall it: {who}." for who in await stallers(pg, oids, lock_timeout_s)]
    if not pg.sees_everyone:
        out.append("This role does not see other roles' transactions, so one that stalls the build may be missing here.")
    return out


async def stallers(ask: Postgres | PostgresWriter, oids: Sequence[int], older_than_s: float) -> list[str]:
    """Return who would stall a build on these tables, the oldest first: a transaction that uses one of them, or holds a snapshot."""
    rows = await (ask.fetch(_OLD, older_than_s, oids) if isinstance(ask, Postgres) else ask.execute(_OLD, older_than_s, oids))
    return [
        f"pid {r['pid']} ({r['application_name'] or 'no application_name'}, {r['state'] or 'state not visible'}), in a transaction for {r['age_s']:.0f} s"
        for r in rows
    ]


async def _index_bytes(pg: Postgres, target: Target, keys: Sequence[str]) -> float:
    oid = next((p.oid for p in target.parts if p.leaf), target.oid)
    width = float(await pg.value(_WIDTH, oid, [key_text(k) for k in keys]) or 0.0) or UNKNOWN_WIDTH
    return target.rows * (TUPLE_BYTES + width) / FILL


def _mb(size_bytes: float) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
