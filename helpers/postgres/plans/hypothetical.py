"""Whether the planner would use an index that is not there: asked of hypopg, where that extension is installed (I/O).

hypopg keeps its indexes in the memory of one backend and shows them to a plain EXPLAIN alone: it writes nothing, so it works in a
read-only transaction and on a standby. Without it, what an index saves stays an estimate, and is labelled as one.
Source: hypopg documentation, "Usage"; 1.2 and newer need no real object identifiers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from helpers.errors import BadAnswer, Refused, SystemProblem, TimedOut
from helpers.postgres.connect import Postgres, Record
from helpers.results import Diagnosis, Status

__all__ = ["tried_out", "weighed"]

_SCHEMA = (
    "select quote_ident(n.nspname) as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'hypopg'"
)


async def tried_out(pg: Postgres, text: str, found: Diagnosis) -> Diagnosis:
    """Return `found`, a missing index weighed by what the planner would do with it; as it is where hypopg cannot be asked.

    Args:
        pg: Read-only session, not through a pooler: the hypothetical index lives in its backend.
        text: The statement, which is explained and not run.
        found: The diagnosis; only `missing_index` is tried.

    """
    if found.code != "missing_index":
        return found
    schema = await pg.value(_SCHEMA)
    if not schema or pg.pooled:
        return found
    statement = f"create index on {found.target['table']} ({', '.join(found.target['columns'])})"
    try:
        before = await pg.explain(text)
        made = await pg.fetch(f"select indexrelid, indexname from {schema}.hypopg_create_index($1)", statement)  # noqa: S608 - the schema comes quoted from the server
        try:
            after = await pg.explain(text)
        finally:
            await _forget(pg, schema, made)
    except (Refused, BadAnswer, TimedOut) as problem:
        return replace(found, against=[*found.against, f"hypopg could not be asked: {problem.reason}"])
    return weighed(found, [str(m["indexname"]) for m in made], before, after)


async def _forget(pg: Postgres, schema: str, made: list[Record]) -> None:
    """Drop what was made, in this backend's memory alone; a session that is gone has forgotten it already."""
    try:
        for index in made:
            await pg.value(f"select {schema}.hypopg_drop_index($1)", index["indexrelid"])
    except SystemProblem:
        await pg.close()  # the next question opens another backend, which knows nothing of it


def weighed(found: Diagnosis, names: list[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> Diagnosis:
    """Return the diagnosis with what the planner said; UNKNOWN when it would not use the index. Pure."""
    was, now = (float(plan["Plan"]["Total Cost"]) for plan in (before, after))
    facts = {**found.facts, "cost": was, "cost_with_index": now}
    if any(name in names for name in _indexes(after["Plan"])):
        line = f"hypopg: with this index the planner would use it, at a cost of {now:,.0f} instead of {was:,.0f} (its own units)"
        return replace(found, because=[*found.because, line], facts=facts)
    text = f"An index on {found.subject} looks missing, yet the planner would not use it (hypopg): see its costs and settings."
    return Diagnosis(Status.UNKNOWN, summary=text, because=found.because, against=found.against, facts=facts)


def _indexes(node: Mapping[str, Any]) -> Iterator[str]:
    yield str(node.get("Index Name", ""))
    for child in node.get("Plans", []):
        yield from _indexes(child)
