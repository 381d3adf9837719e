"""Which index was left INVALID, what it still does, and whether to rebuild or to drop it.

A concurrent build that failed leaves an index that serves no query. It may cost every write all the same, and a unique one may refuse
duplicates. Told apart: a build that is still going on, the leftover of a failed REINDEX, and a unique index over rows that are not unique.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from helpers.errors import BadAnswer, Refused, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql
from helpers.results import Diagnosis, Status

__all__ = ["BrokenIndex", "broken_indexes", "invalid_index", "judge"]

COUNT_S = 15.0
MOST_COUNTED = 5
_LEFTOVER = re.compile(r"_cc(new|old)\d*$")  # PostgreSQL manual, REINDEX: names of transient indexes


@dataclass(frozen=True, slots=True)
class BrokenIndex:
    """One index that is not valid; `index`, `table`, `keys` and `covered_by` are SQL.

    `ready` says that writes maintain it (and a unique one refuses duplicates); `covered_by` names a valid index that does its work;
    `depended_on` that a constraint or the replica identity needs it; `duplicates` are groups of equal keys, None where nobody counted.
    """

    oid: int
    index: str
    schema: str
    name: str
    table: str
    definition: str
    size_bytes: int
    unique: bool
    ready: bool
    partitioned: bool
    depended_on: bool
    nulls_equal: bool
    keys: Sequence[str]
    predicate: str
    covered_by: str
    at_work: bool
    hidden_build: bool
    duplicates: int | None = None

    @property
    def enforces(self) -> bool:
        """Whether it refuses new duplicates, invalid as it is."""
        return self.unique and self.ready

    @property
    def leftover(self) -> bool:
        """Whether its name is that of a transient index of REINDEX CONCURRENTLY."""
        return bool(_LEFTOVER.search(self.name))


async def broken_indexes(pg: Postgres, index: str = "") -> list[BrokenIndex]:
    """Return the indexes that are not valid, by name; only `index` where it is given. Raises SystemProblem."""
    return [BrokenIndex(**row) for row in await pg.fetch(load_sql(__file__, pg.version_num), index)]


async def invalid_index(pg: Postgres, *, index: str = "") -> Diagnosis:
    """The index that was left invalid, and what to do about it.

    Args:
        pg: Read-only session. Of a unique index the duplicates are counted, which reads its table once, for 15 s at most.
        index: Only this one, as the server writes it; empty: every index of the database.

    Returns:
        PROBLEM with code invalid_index, the index as subject and the fix that fits: `drop_index` where it does nothing another index
        does not do, `reindex_index` where it is wanted, `remove_duplicates` (a proposal) where rows must go first; OK when every index
        is valid or still being built; UNKNOWN when a build may be hidden from this role, or partitions lack their part of it.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, CREATE INDEX ("Building Indexes Concurrently") and REINDEX ("Rebuilding Indexes Concurrently").

    """
    found = await broken_indexes(pg, index)
    wanted = [b for b in found if b.unique and not b.at_work and not b.partitioned][:MOST_COUNTED]
    counted = {b.oid: await _duplicates(pg, b) for b in wanted}
    return judge([replace(b, duplicates=counted.get(b.oid)) for b in found])


async def _duplicates(pg: Postgres, broken: BrokenIndex) -> int | None:
    keys = ", ".join(broken.keys)
    conditions = [f"({k}) is not null" for k in broken.keys if not broken.nulls_equal] + ([broken.predicate] if broken.predicate else [])
    where = f" where {' and '.join(conditions)}" if conditions else ""
    sql = f"select count(*) from (select from only {broken.table}{where} group by {keys} having count(*) > 1) as d"  # noqa: S608 - every text comes quoted from the server
    try:
        return int(await pg.value(sql, timeout_s=COUNT_S))
    except (TimedOut, Refused, BadAnswer):
        return None  # then the diagnosis says that nobody counted


def judge(found: Sequence[BrokenIndex]) -> Diagnosis:
    """Return what the invalid indexes add up to: the one to deal with first; pure."""
    standing = [b for b in found if not b.at_work]
    if not standing:
        text = f"{found[0].index} is not valid yet: somebody is at work on it. Wait for it." if found else "Every index is valid."
        return Diagnosis(Status.OK, summary=text)
    if any(b.hidden_build for b in standing):
        text = f"{standing[0].index} is not valid, and another role builds an index that this role may not see: GRANT pg_monitor TO it, then run again."
        return Diagnosis(Status.UNKNOWN, summary=text)
    whole = [b for b in standing if not b.partitioned]
    if not whole:
        text = (
            f"{standing[0].index} belongs to a partitioned table, and not every partition has its part of it: create those and ATTACH them."
        )
        return Diagnosis(Status.UNKNOWN, summary=text, facts=_facts(standing[0], standing))
    first = min(whole, key=lambda b: (_fix(b) != "drop_index", b.index))
    others = [f"{b.index} is not valid either: run this again for it" for b in standing if b is not first]
    why, because = _why(first)
    text = f"The index {first.index} on {first.table} is not valid, so no query may use it. {why}"
    return Diagnosis(
        Status.PROBLEM, "invalid_index", first.index, text, {"index": first.index}, because, others, _facts(first, standing), _fix(first)
    )


def _fix(broken: BrokenIndex) -> str:
    """Return the smallest safe fix: dropping is safe only where nothing is lost by it."""
    if broken.covered_by and not broken.depended_on:
        return "drop_index"
    if not broken.duplicates:
        return "reindex_index"
    return "remove_duplicates" if broken.enforces or broken.depended_on else "drop_index"


def _why(broken: BrokenIndex) -> tuple[str, list[str]]:
    because = ["it is not valid, and nobody is building or dropping it", _work(broken)]
    because += [f"a failed REINDEX INDEX CONCURRENTLY leaves an index of such a name: {broken.name}"] if broken.leftover else []
    because += [f"{broken.covered_by} is valid and does its work"] if broken.covered_by else []
    because += [f"{broken.duplicates:,} values of ({', '.join(broken.keys)}) occur more than once"] if broken.duplicates else []
    said = {
        "drop_index": f"Drop it: {broken.covered_by} does its work." if broken.covered_by else
        f"It is unique and {broken.duplicates or 0:,} values occur more than once, so it cannot be rebuilt; it enforces nothing, so dropping it loses nothing.",
        "reindex_index": "Rebuild it.",
        "remove_duplicates": f"It is unique and {broken.duplicates or 0:,} values occur more than once, so it cannot be rebuilt; "
        "it refuses new duplicates all the same, so dropping it would let more in. Remove the duplicates, then rebuild it.",
    }  # fmt: skip
    return said[_fix(broken)], because


def _work(broken: BrokenIndex) -> str:
    if not broken.ready:
        return "its build failed early: writes do not maintain it" + (", and it refuses no duplicates" if broken.unique else "")
    return "every write maintains it" + (", and it refuses new duplicates" if broken.unique else "")


def _facts(first: BrokenIndex, standing: Sequence[BrokenIndex]) -> dict[str, Any]:
    return {
        "table": first.table, "definition": first.definition, "size_bytes": first.size_bytes, "unique": first.unique, "ready": first.ready,
        "duplicates": first.duplicates, "covered_by": first.covered_by, "invalid": [b.index for b in standing],
    }  # fmt: skip
