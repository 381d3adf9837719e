"""The statements that make an index without blocking writers, and those that take it away again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from helpers.errors import FixFailed, SystemProblem
from helpers.postgres.connect import Postgres
from helpers.postgres.index_target import Part, Target, free_name
from helpers.postgres.write import PostgresWriter

__all__ = ["create_statements", "drop_statements", "end_own_build", "inverse_of", "progress_told"]

_CREATE = "select format('CREATE INDEX %s%I ON %s%I.%I USING %I (%s)%s', $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text) as sql"
_ATTACH = "select format('ALTER INDEX %I.%I ATTACH PARTITION %I.%I', $1::text, $2::text, $3::text, $4::text) as sql"
_DROP = "select format('DROP INDEX %sIF EXISTS %I.%I', $1::text, $2::text, $3::text) as sql"
_BUILDS = (
    "select pid from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid() and datname = current_database() "
    "and state = 'active' and query like 'CREATE INDEX %' and position(format('%I', $2::text) in query) > 0"
)
_PROGRESS = (
    "select phase, case when blocks_total > 0 then round(100.0 * blocks_done / blocks_total) end::float8 as pct, current_locker_pid as waits_for "
    "from pg_stat_progress_create_index where datname = current_database() and relid = any (select unnest($1::bigint[])::oid) limit 1"
)
ENDING_S = 15.0
LOOK_S = 0.5


async def inverse_of(pg: Postgres, target: Target, name: str, words: Sequence[str]) -> dict[str, Any]:
    """Return what undo needs: every index that will be made, the root's first, with the table it goes on."""
    made: list[dict[str, Any]] = [{"schema": target.schema, "index": name, "table": target.table, "leaf": not target.parts}]
    taken = [name]
    for part in target.parts[1:]:
        child = await free_name(pg, part.schema, [part.table, *words], taken)
        taken.append(child)
        made.append({"schema": part.schema, "index": child, "table": part.table, "leaf": part.leaf})
    return {"indexes": made, "application_name": pg.application_name}


async def create_statements(
    pg: Postgres, target: Target, inverse: Mapping[str, Any], method: str, keys: Sequence[str], where: str
) -> list[str]:
    """Return the statements in order: concurrently on plain tables and leaves, ONLY on partitioned ones, then attached upwards."""
    made, tail = inverse["indexes"], f" WHERE {where}" if where else ""
    if not target.parts:
        return [await _text(pg, _CREATE, "CONCURRENTLY ", made[0]["index"], "", target.schema, target.table, method, ", ".join(keys), tail)]
    out, by_oid = [], {p.oid: i for p, i in zip(target.parts, made, strict=True)}
    for part in (*(p for p in target.parts if not p.leaf), *(p for p in target.parts if p.leaf)):
        how, only = ("CONCURRENTLY ", "") if part.leaf else ("", "ONLY ")
        out.append(await _text(pg, _CREATE, how, by_oid[part.oid]["index"], only, part.schema, part.table, method, ", ".join(keys), tail))
    return [*out, *[await _attach(pg, by_oid, part) for part in reversed(target.parts) if part.parent in by_oid]]


async def _attach(pg: Postgres, by_oid: Mapping[int, Mapping[str, str]], part: Part) -> str:
    above, below = by_oid[part.parent or 0], by_oid[part.oid]
    return await _text(pg, _ATTACH, above["schema"], above["index"], below["schema"], below["index"])


async def drop_statements(ask: Postgres | PostgresWriter, inverse: Mapping[str, Any]) -> list[str]:
    """Return the statements that take away what `inverse` names: the root first, which takes attached partitions' with it."""
    out = []
    for index in inverse["indexes"]:
        how = "CONCURRENTLY " if index["leaf"] else ""  # a partitioned index cannot be dropped concurrently
        out.append(await _text(ask, _DROP, how, index["schema"], index["index"]))
    return out


async def _text(ask: Postgres | PostgresWriter, sql: str, *args: str) -> str:
    rows = await (ask.fetch(sql, *args) if isinstance(ask, Postgres) else ask.execute(sql, *args))
    return str(rows[0]["sql"])


async def end_own_build(writer: PostgresWriter, inverse: Mapping[str, Any]) -> None:
    """End our own backend that still builds what `inverse` names, after a crash of this program; raise FixFailed if it stays."""
    name = inverse.get("application_name")
    if not name:
        return
    for index in inverse["indexes"]:
        pids = [r["pid"] for r in await writer.execute(_BUILDS, name, index["index"])]
        for pid in pids:
            await writer.execute("select pg_terminate_backend($1)", pid)
        try:
            async with asyncio.timeout(ENDING_S):
                while pids and await writer.execute("select 1 from pg_stat_activity where pid = any ($1::int[])", pids):  # noqa: ASYNC110 - the server tells nobody
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise FixFailed(f"The backend {pids[0]} still builds {index['index']}.", remedy="End it, then run the undo again.") from None


@asynccontextmanager
async def progress_told(writer: PostgresWriter, oids: Sequence[int], tell: Any) -> Any:
    """Tell `tell` the server's own progress, twice a second, while the block runs; without `tell`, do nothing."""
    if tell is None:
        yield
        return
    reader = await writer.reader()
    telling = asyncio.create_task(_tell(reader, oids, tell))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await reader.close()


async def _tell(reader: Postgres, oids: Sequence[int], tell: Any) -> None:
    while True:
        try:
            rows = await reader.fetch(_PROGRESS, list(oids))
        except SystemProblem as problem:
            tell(f"progress is not known: {problem.reason}")
            return
        for row in rows:
            share = "" if row["pct"] is None else f" {row['pct']:.0f} %"
            tell(row["phase"] + share + (f", waits for pid {row['waits_for']}" if row["waits_for"] else ""))
        await asyncio.sleep(LOOK_S)
