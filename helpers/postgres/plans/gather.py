"""Everything asked of the server about one statement: its plan, its tables, and how many rows its conditions really keep (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from helpers.errors import BadAnswer, Refused, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.alternatives import alternative_to
from helpers.postgres.plans.catalog import Scanned, tables_of, volatility_of
from helpers.postgres.plans.facts import OFF_BY, Read, StatementFacts
from helpers.postgres.plans.measure import counted_rows, term_rows, term_shares
from helpers.postgres.plans.predicate import Term, terms_of
from helpers.postgres.plans.scans import Scan, scans_of
from helpers.postgres.plans.tokens import tokens

__all__ = ["facts_of", "may_run"]

ANALYZE_S = 30.0  # the statement is slow: that is why it is looked at


async def facts_of(
    pg: Postgres,
    text: str,
    *,
    rows_per_call: float | None = None,
    active_samples: int = 0,
    lock_wait_pct: float = 0.0,
    given: bool = True,
    analyze_s: float = ANALYZE_S,
) -> StatementFacts:
    """Return what can be learnt of the statement `text`, which may hold `$n` for its values.

    Args:
        pg: Read-only session.
        text: One statement. It is run only when it is a plain SELECT without `$n`; anything else is only explained.
        rows_per_call: Rows it returned per call in production, where known: evidence against the planner's estimate.
        active_samples: How often it was seen running.
        lock_wait_pct: In how many of those, in per cent, it waited for a lock.
        given: Whether a person asked about it. What live traffic sent is run only when it calls no function that may do something.
        analyze_s: Seconds the statement may take when it is run.

    """
    seen: dict[str, Any] = {"active_samples": active_samples, "lock_wait_pct": lock_wait_pct, "relations": relations_in(text)}
    try:
        plan, actual = await _plan(pg, text, analyze_s if given or await _harmless(pg, text) else 0.0)
    except TimedOut as problem:
        return StatementFacts(text, blocked="55P03" in problem.reason, problem=problem.reason, remedy=problem.remedy, **seen)
    except Refused as problem:
        remedy = f"GRANT SELECT ON {', '.join(relations_in(text)) or 'its tables'} TO the diagnostic role: EXPLAIN needs what the statement needs."
        return StatementFacts(text, problem=f"The statement could not be explained: {problem.reason}", remedy=remedy, **seen)
    except BadAnswer as problem:
        remedy = "Give `query` as it is sent, with its values, and with every table's schema."
        return StatementFacts(text, problem=f"The statement could not be explained: {problem.reason}", remedy=remedy, **seen)
    scans = scans_of(plan)
    tables = await tables_of(pg, scans) if scans else {}
    whole = rows_per_call if len(scans) == 1 and _returns_all(plan) else None
    reads = [await _read(pg, group, whole) for group in _grouped(scans, tables)]
    measured = actual or any(r.kept_rows is not None for r in reads)
    took = plan.get("Execution Time")
    better, tried = await alternative_to(pg, text, reads, took) if took else (None, ())
    return StatementFacts(text, tuple(reads), actual=measured, execution_ms=took, alternative=better, tried=tried, **seen)


async def _plan(pg: Postgres, text: str, analyze_s: float) -> tuple[dict[str, Any], bool]:
    """Return the plan, and whether it was run: only a plain SELECT with its values, and only if it ends in time (never, for 0 seconds)."""
    if analyze_s and may_run(text):
        try:
            return await pg.explain(text, analyze=True, timeout_s=analyze_s), True
        except TimedOut as problem:
            if "57014" not in problem.reason and "55P03" in problem.reason:
                raise
    return await pg.explain(text), False


def may_run(text: str) -> bool:
    """Whether to try running a statement: a query that holds its values; the server has the last word, and refuses all but a plain SELECT."""
    return not _has_parameters(text) and isinstance(_parsed(text), exp.Query)


async def _harmless(pg: Postgres, text: str) -> bool:
    """Whether every function a statement calls by name is known not to be volatile."""
    parsed = _parsed(text)
    names = {f.name.lower() for f in parsed.find_all(exp.Anonymous)} if parsed else set()
    known = await volatility_of(pg, names)
    return parsed is not None and all(known.get(n) in ("i", "s") for n in names)


def _parsed(text: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(text, dialect="postgres")
    except sqlglot.errors.SqlglotError:
        return None


def _has_parameters(text: str) -> bool:
    parsed = _parsed(text)
    return "$" in text and (parsed is None or any(True for _ in parsed.find_all(exp.Parameter, exp.Placeholder)))


def relations_in(text: str) -> tuple[str, ...]:
    """Return the tables a statement names, as it names them; empty when it cannot be read."""
    parsed = _parsed(text)
    if parsed is None:
        return ()
    own = {c.alias for c in parsed.find_all(exp.CTE)}
    return tuple(
        dict.fromkeys(
            t.sql(dialect="postgres", comments=False)
            for t in (exp.table_(t.this, t.args.get("db")) for t in parsed.find_all(exp.Table) if t.name not in own)
        )
    )


def _returns_all(plan: dict[str, Any]) -> bool:
    """Whether the statement returns what its one scan keeps: no aggregate, limit or write in between."""
    node = plan["Plan"]
    while node.get("Plans") and node["Node Type"] in ("Gather", "Gather Merge", "Sort", "Result"):
        node = node["Plans"][0]
    return "Relation Name" in node and node["Node Type"] != "ModifyTable"


def _grouped(scans: Sequence[Scan], tables: dict[tuple[str, str], Scanned]) -> list[list[tuple[Scan, Scanned]]]:
    """Return the scans with their tables, partitions of one table under one alias's append together."""
    groups: dict[tuple[int, str], list[tuple[Scan, Scanned]]] = {}
    for scan in scans:
        scanned = tables.get((scan.schema, scan.relation))
        if scanned is not None:
            alias = "" if scanned.oid != scanned.root else scan.alias
            groups.setdefault((scanned.root, alias), []).append((scan, scanned))
    return list(groups.values())


async def _read(pg: Postgres, group: Sequence[tuple[Scan, Scanned]], whole: float | None) -> Read:
    """Return one table read, its partitions added up; the terms are those of its largest scan."""
    scans = [s for s, _ in group]
    main, scanned = max(group, key=lambda g: (g[0].node == "Seq Scan", g[0].read_rows or g[0].estimated_rows))
    terms, joins = (tuple(t for c in said for t in terms_of(c, main.alias)) for said in (dict.fromkeys(main.conditions), main.joins))
    table, how = scanned.table, "measured"
    expected = sum(s.expected_rows for s in scans)
    kept, read = sum(s.kept_rows or 0.0 for s in scans), sum(s.read_rows or 0.0 for s in scans)
    if main.actual_rows is None:
        (kept, expected), how = await _kept(pg, scanned, main.alias, terms, whole, expected, parts=len(group))
        read = sum(s.rows for _, s in group) if main.node == "Seq Scan" else max(expected, kept)
    error = 1.0 if how == "estimated" else _error(scans, expected, kept)
    return Read(
        table=table,
        scans=tuple(scans),
        terms=terms,
        join_terms=joins,
        sort_terms=_sort_terms(main, table.columns),
        read_rows=read,
        kept_rows=None if how == "estimated" else kept,
        estimated_rows=expected,
        error=error,
        how=how,
        term_pct=await term_shares(pg, scanned.name, main.alias, terms),
        term_rows=await term_rows(pg, scanned.name, main.alias, terms) if error >= OFF_BY else {},
        volatility=await volatility_of(pg, [f for t in (*terms, *joins) for f in t.functions]),
    )


async def _kept(
    pg: Postgres, scanned: Scanned, alias: str, terms: Sequence[Term], whole: float | None, expected: float, *, parts: int
) -> tuple[tuple[float, float], str]:
    """Return (kept, expected) rows of a read that was not run, and where the kept ones come from."""
    if whole is not None:
        return (whole, expected), "returned"
    counted = await counted_rows(pg, scanned.table.name if parts > 1 else scanned.name, alias, terms, scanned.table)
    return (counted, "counted") if counted else ((expected, expected), "estimated")


def _error(scans: Sequence[Scan], expected: float, kept: float) -> float:
    """Return how many times the estimate is off; a scan that was stopped early cannot be overestimated."""
    expected, kept = max(expected, 1.0), max(kept, 1.0)
    if kept < expected and any(s.stops_early for s in scans):
        return 1.0
    return max(expected / kept, kept / expected)


def _sort_terms(scan: Scan, columns: Any) -> tuple[tuple[str, str], ...]:
    """Return (column as SQL, direction) for every sort key, or nothing when one of them is not a column of this table."""
    out = []
    for key in scan.sort_keys:
        words = tokens(key)
        direction = " ".join(w.text for w in words if w.text in ("DESC", "NULLS", "FIRST", "LAST"))
        names = [w for w in words if w.kind == "name" and w.text not in ("DESC", "NULLS", "FIRST", "LAST")]
        named = [w.identifier for w in names]
        if len(named) != 2 or named[0] != scan.alias or named[1] not in columns:
            return ()
        out.append((columns[named[1]].quoted, direction))
    return tuple(out)
