"""The sentences and numbers a diagnosis rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.postgres.plans.candidate import Candidate
from helpers.postgres.plans.facts import OFF_BY, Read, StatementFacts
from helpers.postgres.plans.predicate import Term
from helpers.redaction import mask_literals
from helpers.results import Diagnosis, Status

__all__ = ["benefit", "conclude", "number", "read_facts", "short"]


_HOW = {
    "measured": "measured",
    "counted": "counted for values taken from the table",
    "returned": "rows per call in production",
    "estimated": "the planner's estimate",
}


def number(value: float) -> str:
    """Return a count as people write it: no decimals from ten up."""
    return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Return a share in per cent with two digits."""
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def short(terms: Sequence[Term]) -> str:
    """Return conditions as one short text, string values masked."""
    return mask_literals(" AND ".join(t.text for t in terms)) or "its order"


def read_facts(facts: StatementFacts, read: Read) -> dict[str, Any]:
    """Return the JSON values behind a judgement of `read`."""
    return {
        "actual": facts.actual,
        "kept_by": read.how,
        "execution_ms": facts.execution_ms,
        "table": read.table.name,
        "table_rows": round(read.table.rows),
        "table_bytes": read.table.size_bytes,
        "node": ", ".join(dict.fromkeys(s.node for s in read.scans)),
        "read_rows": round(read.read_rows),
        "kept_rows": None if read.kept_rows is None else round(read.kept_rows),
        "estimated_rows": round(read.estimated_rows),
        "estimate_off_by": round(read.error, 1),
        "modified_rows": round(read.table.modified_rows),
        "modified_pct": round(read.table.modified_pct, 1),
        "analyzed_s": read.table.analyzed_s,
        "indexes": [i.name + ("" if i.valid else " (invalid)") for i in read.table.indexes],
        "active_samples": facts.active_samples,
        "lock_wait_pct": facts.lock_wait_pct,
    }


def benefit(facts: StatementFacts, read: Read, candidate: Candidate) -> list[str]:
    """Return what is read now and what an index would leave to read, labelled as measured or estimated."""
    kept = read.kept_rows if read.kept_rows is not None else read.estimated_rows
    lines = [f"it reads {number(read.read_rows)} rows of {read.table.name} and keeps {number(kept)} ({_HOW[read.how]})"]
    if candidate.by_join:
        lines.append(f"the join then keeps {candidate.reads_pct:.2g} % of them")
    elif read.kept_rows is not None and read.error < OFF_BY:
        lines.append(f"the planner expected {number(read.estimated_rows)}: its statistics are accurate")
    left = read.table.rows * candidate.reads_pct / 100
    lines.append(f"an index would leave about {number(max(left, 1))} rows to read (estimated from the planner's statistics)")
    return lines


def conclude(facts: StatementFacts, read: Read, candidate: Candidate, share: float) -> Diagnosis:
    """Return the diagnosis that names the missing index, with the arguments for `create_index`."""
    subject = f"{read.table.name}({', '.join(candidate.columns)})"
    others = [
        f"{i.name} ({', '.join(i.keys)}){' WHERE ' + i.predicate if i.predicate else ''} does not serve it" for i in read.table.indexes
    ]
    why = "gives the order asked" if candidate.top_n else f"serves {short(candidate.parts)}"
    text = f"No index {why} on {read.table.name}: {number(read.read_rows)} rows are read, {percent(share)} of them are kept. Missing: {subject}."
    because = [*benefit(facts, read, candidate), *others[:5]]
    against = list(candidate.refused)
    if read.error >= OFF_BY:
        against.append(f"the planner's estimate is off by {number(read.error)}×, yet by it too an index would be used")
    if read.how == "estimated":
        against.append("row counts are the planner's estimates: the statement was not run")
    target = {"table": read.table.name, "columns": list(candidate.columns)}
    return Diagnosis(Status.PROBLEM, "missing_index", subject, text, target, because, against, read_facts(facts, read))
