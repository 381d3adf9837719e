"""Which cached copies say something else than the rows they were made from.

A bounded random sample of cached objects is compared with PostgreSQL, field by field and by meaning, twice: an invalidation that is
only late is told from one that never came. Told apart: writes that Redis refuses, a replica that lags, a standby that lags.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpers.errors import ParameterError
from helpers.redis.cached import digest
from helpers.redis.connect import Redis
from helpers.redis.copies import given_copy, learn_copies
from helpers.redis.deltas import Delta, read, subtract
from helpers.redis.neighbours import blind, neighbour
from helpers.redis.staleness import Compared, compare_all, compare_some
from helpers.redis.tables import Rows, standby
from helpers.results import Diagnosis, Status

__all__ = ["Seen", "judge", "stale_cache"]

ALLOWED_PCT = 1.0
DELAY_S = 2.0
MOST_CHANGES = 500
MOST_GONE_PCT = 50.0  # with more, the table or the id column is the wrong one
_ROOTS = ("persistence_or_replication", "memory_full")  # both refuse the writes that would invalidate


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `standby`: PostgreSQL's rows are those of a standby."""

    delta: Delta
    compared: Sequence[Compared]
    standby: bool = False


async def stale_cache(
    redis: Redis, *, systems: Callable[[str], Awaitable[Any]] | None = None, pattern: str = "", table: str = "", id_column: str = "", fields: str = "",
    allowed_pct: float = ALLOWED_PCT, delay_s: float = DELAY_S,
) -> Diagnosis:  # fmt: skip
    """The keys that disagree with their rows, of the pattern where most do.

    Args:
        redis: Read-only session.
        systems: Returns the session of a system by its name: `incident.systems.get`.
        pattern: Keys such as `article:{id}`; empty: learned, with the table.
        table: The table they are copies of, as SQL writes it; empty: learned.
        id_column: The column of the ids; empty: the table's unique one.
        fields: `cached=column, …`, where names differ; `=column` for plain values.
        allowed_pct: Share of the keys that may disagree, in per cent.
        delay_s: Seconds an invalidation may take.

    Returns:
        PROBLEM with code stale_cache and `pattern ↔ table` as subject, its target the disagreeing keys with digests of their values; another
        code when Redis refuses writes or lags; OK when they agree; UNKNOWN when nothing could be matched, with what to give.

    Raises:
        ProfileError: the profile has no PostgreSQL.
        SystemProblem: as the servers answered.

    Source: FAULTS.md E2.
    """
    if systems is None:
        return Diagnosis(Status.UNKNOWN, summary="There is no PostgreSQL to compare the cache with: pass incident.systems.get.")
    rows: Rows = await systems("postgres")
    before = await read(redis)
    try:
        copies = [await given_copy(redis, rows, pattern=pattern, table=table, id_column=id_column, fields=fields)] if table else []
    except ParameterError as wrong:
        return Diagnosis(Status.UNKNOWN, summary=str(wrong))
    copies = copies or [c for c in await learn_copies(redis, rows) if not pattern or c.pattern == pattern]
    found = [await compare_some(redis, rows, copy, delay_s=delay_s) for copy in copies]
    worst = max(found, key=lambda c: c.stale_pct, default=None)
    if worst and worst.stale_pct > allowed_pct and not worst.whole:
        found[found.index(worst)] = await compare_all(redis, rows, worst.copy, delay_s=delay_s)
    seen = Seen(subtract(before, await read(redis)), found, await standby(rows))
    return judge(seen, allowed_pct=allowed_pct)


def judge(seen: Seen, *, allowed_pct: float = ALLOWED_PCT) -> Diagnosis:
    """Return what the facts add up to; pure."""
    other = blind(seen.delta, "stats") or _lagging(seen.delta) or neighbour(seen.delta, own="stale_cache")
    if other and (other.code is None or other.code in _ROOTS):
        return other
    facts = {**seen.delta.facts(), "compared": [_fact(c) for c in seen.compared]}
    if not seen.compared:
        said = "No keys were recognised as copies of rows: give pattern and table, and fields where their names differ."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    worst = max(seen.compared, key=lambda c: c.stale_pct)
    if worst.stale_pct <= allowed_pct:
        said = "; ".join(_said(c) for c in seen.compared)
        return Diagnosis(Status.OK, summary=f"The cache agrees with the rows: {said}.", facts=facts)
    if worst.gone_pct > MOST_GONE_PCT:
        said = f"{worst.gone_pct:.0f} % of the keys of {worst.copy.pattern} have no row in {worst.copy.table.name}: it is another table's cache."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    if seen.standby:
        said = f"{_said(worst)}, but these rows are a standby's, and may be older than the cache: point the profile at the primary."
        return Diagnosis(Status.UNKNOWN, summary=said, facts=facts)
    return _named(worst, [c for c in seen.compared if c is not worst], [other.summary] if other else [], facts)


def _lagging(delta: Delta) -> Diagnosis | None:
    """Return persistence_or_replication where the Redis asked is a replica that has lost its primary."""
    after = delta.after
    if after.text("role") != "slave" or after.text("master_link_status") in ("up", ""):
        return None
    said = f"This Redis is a replica whose link to its primary is {after.text('master_link_status')}: what it holds is old."
    return Diagnosis(Status.PROBLEM, "persistence_or_replication", "replica link", said, because=[said], facts=delta.facts())


def _named(worst: Compared, rest: Sequence[Compared], other: list[str], facts: dict[str, Any]) -> Diagnosis:
    copy = worst.copy
    low, high = worst.interval
    fields = ", ".join(f"{name or 'value'} ({n})" for name, n in worst.by_field().most_common(6))
    lasting = sum(one.cached.ttl_ms < 0 for one in worst.stale.values())
    because = [
        f"{len(worst.stale):,} of {worst.compared:,} compared keys of {copy.pattern} disagree with {copy.table.name} ({low:.1f} … {high:.1f} %).",
        "They disagreed at both looks, and neither the key nor the row was changed in between.",
        f"They differ in: {fields}.",
        *([f"{lasting:,} of them never expire, so that they stay wrong until somebody writes them."] if lasting else []),
        f"How the keys belong to the table: {copy.learned}",
    ]
    against = [*other, *(_said(c) + " too." for c in rest if c.stale)]
    against += (
        [f"{', '.join(copy.dropped)} never agrees, so it is taken as written in another way, and not compared."] if copy.dropped else []
    )
    seed = secrets.token_hex(8)
    target = {
        "pattern": copy.pattern, "seed": seed,
        "keys": {digest(key, seed): digest(one.cached.raw, seed) for key, one in worst.stale.items()},
    }  # fmt: skip
    changes = {digest(one.encode(), seed): _utc(at) for one, at in list(worst.changes().items())[:MOST_CHANGES]}
    facts = {**facts, "changes": changes}
    summary = f"{worst.stale_pct:.1f} % of the keys of {copy.pattern} say something else than {copy.table.name}: they were not invalidated."
    return Diagnosis(Status.PROBLEM, "stale_cache", copy.subject, summary, target, because, against, facts, fix="unlink_stale_keys")


def _utc(text: str) -> str:
    """Return a time as to_jsonb writes it with its offset; without one it is UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _said(c: Compared) -> str:
    return f"{len(c.stale):,} of {c.compared:,} keys of {c.copy.pattern} disagree with {c.copy.table.name}"


def _fact(c: Compared) -> dict[str, Any]:
    return {
        "pattern": c.copy.pattern, "table": c.copy.table.name, "id_column": c.copy.id_column, "fields": c.copy.fields, "compared": c.compared,
        "stale": len(c.stale), "late": c.late, "whole": c.whole, "dropped": list(c.copy.dropped), "learned": c.copy.learned,
    }  # fmt: skip
