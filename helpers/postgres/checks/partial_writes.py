"""Which two writes belong together and are not: the first stays when the second fails.

Rests on rows that lack the partner which such rows usually have, on the transactions that wrote those that have it, and on the code. Told
apart: partners that come later by design, or were deleted, relations in which a partner is optional, pairs that are still written together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.postgres.connect import Postgres
from helpers.postgres.partners import Partners, read_partners
from helpers.results import CheckResult, Diagnosis, Status

__all__ = ["Seen", "judge", "partial_writes"]

CODE = "partial_writes"
SURE = 0.001  # Fisher's exact test: orphans among the newest against those before
MOST = 0.5  # of the older pairs share a transaction: they were written together once (rows that were updated since do not show it)
AT_LEAST = 3  # orphans, and pairs whose transactions can be compared

Answer = CheckResult[Any] | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts the judgement rests on; `pairs` None: no code was read."""

    partners: Sequence[Partners] = ()
    pairs: Sequence[Any] | None = None
    lacking: Sequence[str] = field(default_factory=list)


async def partial_writes(pg: Postgres, *, pairs: Answer = None) -> Diagnosis:
    """The pair of writes that is not one transaction.

    Args:
        pg: A session that may read the tables.
        pairs: Of git.multi_step_writes.

    Returns:
        PROBLEM with `parent → child` as subject; OK when no row lacks its partner; UNKNOWN when rows do, and pairs are written together, or when
        no older rows show whether a row needs one and the newest are written one after the other.

    Raises:
        SystemProblem: the server cannot be asked.

    Source: PostgreSQL manual, System Columns (xmin); Fisher's exact test.
    """
    partners, lacking = await read_partners(pg)
    return judge(Seen(partners, list(pairs.rows) if pairs is not None and pairs.status in (Status.OK, Status.PROBLEM) else None, lacking))


def judge(seen: Seen) -> Diagnosis:
    """Return what the facts add up to; pure."""
    from scipy.stats import fisher_exact

    ruled = [one for one in seen.partners if one.is_rule]
    facts = {"relations": len(ruled), "orphans": sum(one.orphans for one in ruled), "not_seen": list(seen.lacking)[:5]}
    lacking = [one for one in ruled if one.orphans]
    if not lacking:
        return _no_row_lacks_one(seen, facts)
    top = lacking[0]
    table = [[top.orphans, top.parents - top.orphans], [top.orphans_before, top.older - top.orphans_before]]
    p_value = float(fisher_exact(table, alternative="greater")[1])
    said = f"{top.orphans} of the newest {top.parents} rows of {top.parent} have none in {top.child}; {top.orphans_before} of {top.older} older ones had none"
    if top.orphans < AT_LEAST or p_value > SURE:
        return Diagnosis(Status.UNKNOWN, summary=f"{said}: too few to tell from chance (p {p_value:.2g}).", facts=facts)
    written = top.together + top.apart
    pair = next((one for one in seen.pairs or () if _is_pair(one, top)), None)
    if top.apart < AT_LEAST and pair is None:
        return Diagnosis(Status.UNKNOWN, summary=f"{said}; how those that have one were written is not known yet.", facts=facts)
    if pair is None and top.together_before < MOST * (top.together_before + top.apart_before):
        why = f"{said}; but older rows did not share their partner's transaction either: a partner may come later, as that of a draft does."
        return Diagnosis(Status.UNKNOWN, summary=why, facts=facts)
    if _still_together(top):
        why = f"{said}; but {top.together} of {written} that have one were written in one transaction: rows were deleted, or a second writer leaves them."
        return Diagnosis(Status.UNKNOWN, summary=why, facts=facts)
    return _named(top, pair, said, facts, seen)


def _no_row_lacks_one(seen: Seen, facts: dict[str, Any]) -> Diagnosis:
    """OK, unless rows look as if each should have one and nothing older says whether it should."""
    doubtful = next((one for one in seen.partners if one.may_be_one and min(one.orphans, one.right_after) >= AT_LEAST), None)
    if doubtful is None:
        said = f"No row lacks its partner, in {facts['relations']} relations in which rows usually have one."
        return Diagnosis(Status.OK, summary=said, facts=facts)
    said = (
        f"{doubtful.orphans} of the newest {doubtful.parents} rows of {doubtful.parent} have none in {doubtful.child}, and those that have one got it "
        "right after, in a transaction of its own. No older rows show whether each should have one: it may be optional."
    )
    pair = next((one for one in seen.pairs or () if _is_pair(one, doubtful)), None)
    if pair is not None:
        said += f" The code writes both at {pair.file}:{pair.line} and :{pair.second_line}, outside a transaction: read whether the second is always meant."
    return Diagnosis(Status.UNKNOWN, summary=said, facts={**facts, "relation": doubtful.subject, "keys": doubtful.keys})


def _still_together(top: Partners) -> bool:
    """Whether pairs are written in one transaction since the first orphan came: one in ten is more than a second writer explains."""
    return top.together > 0.1 * (top.together + top.apart)


def _is_pair(pair: Any, top: Partners) -> bool:
    tables = [_table(pair.first_sql), _table(pair.second_sql)]
    return tables == [_bare(top.parent), _bare(top.child)]


def _table(sql: str) -> str:
    found = re.match(r'(?is)\s*(?:with\b.*?\)\s*)?insert\s+into\s+("?[\w.]+"?)', sql)
    return _bare(found[1]) if found else ""


def _bare(name: str) -> str:
    return name.replace('"', "").rpartition(".")[2].lower()


def _named(top: Partners, pair: Any, said: str, facts: dict[str, Any], seen: Seen) -> Diagnosis:
    because = [
        f"{said}.",
        f"Since the first of them, {top.apart} of {top.together + top.apart} rows that have one were written in a transaction of their own; "
        f"before, {top.together_before} of {top.together_before + top.apart_before} shared their partner's.",
    ]
    against = []
    if pair is not None:
        because.append(f"The code agrees: {pair.file}:{pair.line} and :{pair.second_line}, in {pair.function}, outside a transaction.")
    elif seen.pairs is not None:
        against.append("The code of the profile shows no such pair outside a transaction: it may be another version, or another writer.")
    summary = (
        f"{top.parent} and {top.child} are written one after the other, not in one transaction: when the second fails, the first stays."
    )
    rows = {"parent": top.parent, "child": top.child, "column": top.column, "parent_column": top.parent_column}
    target = rows if pair is None else {"file": pair.file, "first": pair.line, "second": pair.second_line, **rows}
    fix = "repair_orphans" if pair is None else "wrap_transaction"
    return Diagnosis(Status.PROBLEM, CODE, top.subject, summary, target, because, against, {**facts, "keys": top.keys}, fix=fix)
