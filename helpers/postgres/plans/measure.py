"""How many rows conditions keep: as the planner expects of each one, and as counted for values that occur in the table (I/O).

Every text used here is the server's own, from a plan; values are bound, never pasted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from helpers.errors import BadAnswer, TimedOut
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.facts import Table
from helpers.postgres.plans.predicate import EQUALITY, NONE, RANGE, Term

__all__ = ["Counted", "counted_rows", "term_rows", "term_shares"]

SAMPLE_VALUES = 3  # each costs one sequential read
SAMPLE_PAGES = 20
COUNT_S = 15.0
MOST_TERMS = 8
_PARAMETER = re.compile(r"('(?:[^']|'')*')|\$(\d+)")
_VALUE = re.compile(r"(ANY )?\(?(\$\d+)\)?(?:::[\w ]+(?:\[\])?)?")

Counted = tuple[float, float]
"""Rows kept and rows the planner expected for the very same values."""


async def term_shares(pg: Postgres, table: str, alias: str, terms: Sequence[Term]) -> dict[str, float]:
    """Return each term's text → the share of `table`, in per cent, that the planner expects it to keep alone.

    The terms are only explained, never run. One that cannot stand alone (it looks at another table) is absent.
    """
    asked = [t for t in terms if t.kind != NONE][:MOST_TERMS]
    if len(asked) < 2:
        return {}
    source = f"select from {table} as {_quoted(alias)}"
    everything = await _expected(pg, source)
    shares: dict[str, float] = {}
    for together in _together(asked):
        where = _renumbered(" and ".join(t.text for t in together), {})
        try:
            share = 100.0 * await _expected(pg, f"{source} where {where}") / max(everything, 1.0)
        except BadAnswer:
            continue  # it names another table of the statement: its share comes from n_distinct
        shares |= {t.text: share if i == 0 else 100.0 for i, t in enumerate(together)}
    return shares


async def term_rows(pg: Postgres, table: str, alias: str, terms: Sequence[Term]) -> dict[str, tuple[float, float]]:
    """Return each term's text → the rows the planner expects it alone to keep, and those it keeps, as counted.

    A term with `$n`, or that looks at another table, is absent, and so is one that takes too long to count.
    """
    source = f"from {table} as {_quoted(alias)} where"
    rows: dict[str, tuple[float, float]] = {}
    for term in terms[:MOST_TERMS]:
        if any(m[2] for m in _PARAMETER.finditer(term.text)):
            continue
        try:
            kept = float(await pg.value(f"select count(*) {source} {term.text}", timeout_s=COUNT_S))
            expected = await _expected(pg, f"select {source} {term.text}")
        except (TimedOut, BadAnswer):
            continue  # then nothing is claimed about this term alone
        rows[term.text] = (expected, kept)
    return rows


def _together(terms: Sequence[Term]) -> list[list[Term]]:
    """Return the terms, ranges of one expression together: the planner knows what lies between two bounds."""
    groups: dict[tuple[str, str, str], list[Term]] = {}
    for term in terms:
        groups.setdefault((term.kind, term.expression, "" if term.kind == RANGE else term.text), []).append(term)
    return list(groups.values())


async def counted_rows(pg: Postgres, table: str, alias: str, terms: Sequence[Term], facts: Table) -> Counted | None:
    """Return the rows the conditions keep, `$n` standing for values taken from the table, averaged over a few of them.

    None when nobody can know: a range on `$n`, a condition that looks at another table, no rows, or counting takes too long.
    """
    asked = {m[2]: t for t in terms if t.kind == EQUALITY and (m := _VALUE.fullmatch(t.operand))}
    numbers = {parameter: f"${i}" for i, parameter in enumerate(asked, 1)}
    if not terms or any(m[2] and f"${m[2]}" not in asked for t in terms for m in _PARAMETER.finditer(t.text)):
        return None
    where = " and ".join(_renumbered(t.text, numbers) for t in terms)
    source = f"from {table} as {_quoted(alias)} where"
    try:
        samples = await _samples(pg, table, alias, list(asked.values()), facts) if asked else [()]
        rows = [await pg.value(f"select count(*) {source} {where}", *values, timeout_s=COUNT_S) for values in samples]
        expected = [await _expected(pg, f"select {source} {where}", *values) for values in samples]
    except (TimedOut, BadAnswer):
        return None  # the caller then says that its counts are estimates
    return (sum(rows) / len(rows), sum(expected) / len(expected)) if rows else None


async def _samples(pg: Postgres, table: str, alias: str, terms: Sequence[Term], facts: Table) -> list[tuple[Any, ...]]:
    """Return values that occur together in a few rows, as arguments for the terms' parameters."""
    share = min(100.0, 100.0 * SAMPLE_PAGES * 8192 / max(facts.size_bytes, 1))
    keys = ", ".join(f"({t.expression}) as key_{i}" for i, t in enumerate(terms))
    some = " and ".join(f"({t.expression}) is not null" for t in terms)
    rows = await pg.fetch(
        f"select distinct {keys} from (select * from {table} as {_quoted(alias)} tablesample system ({share:.6f}) repeatable (1) "  # noqa: S608 - identifiers come quoted from the server, values are bound
        f"where {some} limit {SAMPLE_VALUES * 20}) as sampled limit {SAMPLE_VALUES}"
    )
    return [tuple([v] if t.operator == "= ANY" else v for t, v in zip(terms, row.values(), strict=True)) for row in rows]


def _renumbered(text: str, numbers: dict[str, str]) -> str:
    """Return `text` with its parameters renamed, or numbered from one where no name is given; string literals are left alone."""
    found: dict[str, str] = dict(numbers)

    def renamed(match: re.Match[str]) -> str:
        return match[1] or found.setdefault(match[0], f"${len(found) + 1}")

    return _PARAMETER.sub(renamed, text)


async def _expected(pg: Postgres, sql: str, *values: Any) -> float:
    plan = await pg.explain(sql, *values)
    return float(plan["Plan"]["Plan Rows"])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
