"""Whether wrong estimates explain a slow plan, and which statistics put them right: pure, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.postgres.plans.candidate import candidate_for, serving
from helpers.postgres.plans.facts import Column, Read, StatementFacts
from helpers.postgres.plans.predicate import EQUALITY, Term
from helpers.postgres.plans.say import number, read_facts
from helpers.results import Diagnosis, Status

if TYPE_CHECKING:
    from helpers.postgres.plans.judge import Limits

__all__ = ["chosen_in_error", "outright", "stale"]

LARGEST_TARGET = 10_000  # PostgreSQL manual, ALTER TABLE … SET STATISTICS
FEWEST_TARGET = 100  # default_statistics_target as shipped
TIMES_FINER = 10
STEPS = 2.0  # of 1 ÷ statistics target: what one bucket or one common value more or less explains


def chosen_in_error(facts: StatementFacts, read: Read, limits: Limits) -> bool:
    """Whether the estimate of `read` is far off and a better plan was there to be chosen: run and faster, or, where none could be run, at hand."""
    if read.kept_rows is None or read.error < limits.max_error:
        return False
    if facts.tried:
        better, took = facts.alternative, facts.execution_ms
        return better is not None and took is not None and better.execution_ms * limits.min_faster <= took
    at_hand = serving(read.table.indexes, candidate_for(read), whole=False)
    return any(s.index or s.under_join for s in read.scans) or any(i.valid for i in at_hand)


def outright(facts: StatementFacts, limits: Limits) -> bool:
    """Whether a plan that needs no new index is so much faster that none is missed."""
    better, took = facts.alternative, facts.execution_ms
    return better is not None and took is not None and better.execution_ms * limits.max_error <= took


def stale(facts: StatementFacts, read: Read, limits: Limits) -> Diagnosis | None:
    """Return the diagnosis that names the statistics behind the wrong estimate of `read`, with the fix that fits; None when they do not explain it."""
    if not chosen_in_error(facts, read, limits):
        return None
    off = _off(read, limits)
    if read.table.modified_pct >= limits.min_modified_pct or not read.table.analyze_counted:
        return _out_of_date(facts, read)
    if off:
        return _coarse(facts, read, off[0]) if _too_coarse(read, off[0]) else _out_of_date(facts, read)
    together = _correlated(read, limits)
    return _dependent(facts, read, together) if together else None


def _own(read: Read) -> list[Term]:
    """Return the conditions on a column as it is: of a cast of it ANALYZE knows nothing."""
    return [t for t in (*read.terms, *read.join_terms) if _is_bare(read, t)]


def _is_bare(read: Read, term: Term) -> bool:
    column = read.table.columns.get(term.column)
    return column is not None and (not term.cast_to or term.cast_to in column.cast_free)


def _off(read: Read, limits: Limits) -> list[Term]:
    """Return the conditions on one column whose estimate is off by itself, the worst first."""
    return sorted((t for t in _own(read) if (read.off_by(t) or 1.0) >= limits.max_error), key=lambda t: -(read.off_by(t) or 1.0))


def _too_coarse(read: Read, term: Term) -> bool:
    """Whether the column's resolution explains the error: fresh statistics know every value beyond a step or two of their histogram."""
    column = read.table.columns[term.column]
    share = max(read.term_rows[term.text]) / max(read.table.rows, 1.0)
    return column.statistics_target < LARGEST_TARGET and share * column.statistics_target <= STEPS


def _correlated(read: Read, limits: Limits) -> list[Column]:
    """Return the columns whose conditions are each estimated well and together are not, unless statistics on them exist."""
    terms = [t for t in read.terms if t.kind == EQUALITY and _is_bare(read, t)]
    columns = sorted({t.column: read.table.columns[t.column] for t in terms}.values(), key=lambda c: c.attnum)
    known = all((off := read.off_by(t)) is not None and off <= limits.max_error_alone for t in terms)
    covered = any({c.attnum for c in columns} <= e for e in read.table.extended)
    return columns if known and len(columns) > 1 and len(terms) == len(read.terms) and not covered else []


def _out_of_date(facts: StatementFacts, read: Read) -> Diagnosis:
    table = read.table
    worst = max(_own(read), key=lambda t: read.off_by(t) or 0.0, default=None)
    subject = f"{table.name}({table.columns[worst.column].quoted})" if worst else table.name
    when = "never" if table.analyzed_s is None else f"{table.analyzed_s / 3600:.1f} hours ago"
    changed = f"{number(table.modified_rows)} rows ({table.modified_pct:.0f} %) changed since the last ANALYZE ({when})"
    if not table.analyze_counted and table.analyzed_s is not None:
        changed = "how many rows changed since the last ANALYZE is not known: the server's counters were reset since"
    text = f"The planner's statistics of {subject} are out of date: its estimate is off by {number(read.error)}×. ANALYZE {table.name} puts them right."
    return _named(facts, read, subject, text, [changed], "analyze_table", {"table": table.name})


def _coarse(facts: StatementFacts, read: Read, term: Term) -> Diagnosis:
    table, column = read.table, read.table.columns[term.column]
    subject, off = f"{table.name}({column.quoted})", read.off_by(term) or 1.0
    target = min(max(column.statistics_target * TIMES_FINER, FEWEST_TARGET), LARGEST_TARGET)
    because = [
        f"the statistics are fresh ({table.modified_pct:.0f} % of the rows changed since), and the estimate for {column.quoted} alone is off by {number(off)}×",
        f"ANALYZE keeps at most {column.statistics_target} common values and histogram steps of {column.quoted}: its statistics target",
    ]
    text = f"The planner's statistics of {subject} are too coarse: its estimate is off by {number(off)}×. A statistics target of {target} looks closer."
    arguments = {"table": table.name, "column": column.quoted, "target": target}
    return _named(facts, read, subject, text, because, "set_statistics_target", arguments)


def _dependent(facts: StatementFacts, read: Read, columns: Sequence[Column]) -> Diagnosis:
    names = [c.quoted for c in columns]
    subject = f"{read.table.name}({', '.join(names)})"
    alone = max(read.off_by(t) or 1.0 for t in read.terms)
    because = [
        f"the statistics are fresh, and each condition alone is estimated within {number(alone)}×: only together they are off",
        f"no extended statistics cover {', '.join(names)}, so the planner takes them for independent",
    ]
    text = f"The columns of {subject} depend on each other and the planner does not know: its estimate is off by {number(read.error)}×."
    kind = "dependencies" if (read.kept_rows or 0.0) > read.estimated_rows else "mcv"  # more go together than chance, or fewer
    arguments: dict[str, object] = {"table": read.table.name, "columns": names, "kind": kind}
    return _named(facts, read, subject, text, because, "create_statistics", arguments)


def _named(
    facts: StatementFacts, read: Read, subject: str, text: str, because: Sequence[str], fix: str, target: dict[str, object]
) -> Diagnosis:
    expected, met = number(read.estimated_rows), number(read.kept_rows or 0)
    lines = [f"the planner expected {expected} rows of {read.table.name} and met {met}: off by {number(read.error)}×", *because]
    better = facts.alternative
    if better is not None:
        lines.append(
            f"without {better.without} it took {better.execution_ms:.1f} ms instead of {facts.execution_ms or 0:.1f} ms: a better plan is there"
        )
    return Diagnosis(Status.PROBLEM, "stale_statistics", subject, text, target, lines, [], read_facts(facts, read), fix)
