"""From facts to a cause, or to none: pure, no I/O. When two explanations fit, it says so and names neither."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.postgres.plans.candidate import Candidate, candidate_for, serving
from helpers.postgres.plans.facts import OFF_BY, OUT_OF_DATE_PCT, Index, Read, StatementFacts
from helpers.postgres.plans.say import benefit, conclude, number, read_facts, short
from helpers.postgres.plans.stale import outright, stale
from helpers.results import Diagnosis, Status

__all__ = ["Limits", "judge"]


@dataclass(frozen=True)  # no slots: its class attributes are the defaults that checks show
class Limits:
    """The thresholds of the judgement.

    min_read_rows: rows an execution must read before an index matters (pghero `missing_indexes`: 10,000).
    max_kept_pct: an index pays below this share; above full_read_pct it does not. Between the two nothing is claimed
        (PostgreSQL manual, random_page_cost = 4 × seq_page_cost: a random read must save several sequential ones).
    max_error: estimates within this factor count as accurate; max_error_alone: so do those of one condition among several
        (independent errors multiply: two of 3 make 9, which is accurate still).
    min_modified_pct: changed rows that make statistics out of date (autovacuum_analyze_scale_factor = 10 %).
    min_faster: how many times faster another plan must be to count as better (less may be noise or a warmer cache).
    min_lock_pct, min_samples: share of observations in which the statement waited for a lock, and how many there must be.
    """

    min_read_rows: float = 10_000
    max_kept_pct: float = 5.0
    full_read_pct: float = 20.0
    max_error: float = OFF_BY
    max_error_alone: float = 3.0
    min_modified_pct: float = OUT_OF_DATE_PCT
    min_faster: float = 2.0
    min_lock_pct: float = 50.0
    min_samples: int = 3


def judge(facts: StatementFacts, limits: Limits | None = None) -> Diagnosis:
    """Return what the facts say: a cause, that nothing is wrong, or that they do not decide."""
    limits = limits or Limits()
    if facts.blocked or (facts.active_samples >= limits.min_samples and facts.lock_wait_pct >= limits.min_lock_pct):
        return _locked(facts)
    if facts.problem:
        return Diagnosis(Status.UNKNOWN, summary=facts.problem, against=[facts.remedy] if facts.remedy else [], facts=_base(facts))
    if not facts.reads:
        return Diagnosis(Status.OK, summary="The statement reads no table.", facts=_base(facts))
    read = max(facts.reads, key=lambda r: r.read_rows)
    if read.read_rows < limits.min_read_rows:
        text = f"The plan is good: at most {number(read.read_rows)} rows of {read.table.name} are read; an index would save little."
        return _clear(facts, read, text, Candidate())
    candidate = candidate_for(read)
    statistics = [found for r in facts.reads if (found := stale(facts, r, limits))]
    missing = _missing(facts, read, candidate, limits)
    if not statistics or missing.code == "invalid_index":
        return missing
    if missing.code is None or outright(facts, limits):
        return statistics[0]
    elsewhere = [s for s in statistics if s.target["table"] != read.table.name]
    return _both(facts, read, elsewhere[0]) if elsewhere else missing


def _both(facts: StatementFacts, read: Read, statistics: Diagnosis) -> Diagnosis:
    text = f"Two explanations fit: no index serves {short(read.terms)}, and the planner's statistics of {statistics.subject} are wrong."
    against = [f"Run ANALYZE {statistics.target['table']} and ask again."]
    return Diagnosis(Status.UNKNOWN, summary=text, against=against, facts=read_facts(facts, read))


def _base(facts: StatementFacts) -> dict[str, object]:
    return {"actual": facts.actual, "active_samples": facts.active_samples, "lock_wait_pct": facts.lock_wait_pct}


def _clear(facts: StatementFacts, read: Read, text: str, candidate: Candidate, *, known: bool = True) -> Diagnosis:
    status = Status.OK if known else Status.UNKNOWN
    return Diagnosis(status, summary=text, against=list(candidate.refused), facts=read_facts(facts, read))


def _locked(facts: StatementFacts) -> Diagnosis:
    subject = ", ".join(facts.relations) or "the statement's table"
    seen = f"in {facts.lock_wait_pct:.0f} % of {facts.active_samples} observations the statement waited for a lock"
    because = "even planning it had to wait for a lock on its table" if facts.blocked else seen
    text = f"The statement does not work, it waits: {because}. An index would not help."
    return Diagnosis(Status.PROBLEM, "lock_contention", subject, text, because=[because], facts=_base(facts))


def _missing(facts: StatementFacts, read: Read, candidate: Candidate, limits: Limits) -> Diagnosis:
    if not candidate.columns:
        return _no_index_helps(facts, read, candidate, limits)
    if read.own_rows < limits.min_read_rows and not candidate.by_join:
        text = f"A join pairs {number(read.read_rows)} rows of {read.table.name}, and its own conditions read {number(read.own_rows)}: an index on them would save little."
        return _clear(facts, read, text, candidate, known=False)
    first_alone = read.sequential and candidate.leading_pct <= limits.max_kept_pct
    there = serving(read.table.indexes, candidate, whole=not first_alone)
    if any(i.building for i in there):
        name = next(i.name for i in there if i.building)
        return _clear(
            facts, read, f"The index {name} that would serve is being built. Wait for it, then ask again.", candidate, known=False
        )
    valid, invalid = [i for i in there if i.valid], [i for i in there if not i.valid]
    share, expected = _share(facts, read, candidate)
    if share >= limits.full_read_pct and not candidate.top_n and read.how != "estimated":
        return _full_read(facts, read, candidate, share)
    if valid:
        text = f"The index {valid[0].name} would serve, and the planner does not use it: see its costs and settings, or an estimate that is wrong."
        return _clear(facts, read, text, candidate, known=False)
    if max(expected, 0 if candidate.top_n else share) > limits.max_kept_pct:
        return _unclear(facts, read, candidate, share, expected, limits)
    if not facts.actual and read.table.modified_pct >= limits.min_modified_pct:
        text = f"Row counts are estimates only, and the statistics of {read.table.name} are out of date. Run ANALYZE, or give the query with its values."
        return _clear(facts, read, text, candidate, known=False)
    return _invalid(facts, read, candidate, invalid[0]) if invalid else conclude(facts, read, candidate, share)


def _share(facts: StatementFacts, read: Read, candidate: Candidate) -> tuple[float, float]:
    """Return the share that is kept as measured (or estimated), and the share the planner expects an index to read."""
    if candidate.by_join:
        return candidate.reads_pct, candidate.reads_pct
    kept = read.kept_rows if read.kept_rows is not None else read.estimated_rows
    return 100.0 * kept / max(read.read_rows, 1.0), candidate.reads_pct


def _no_index_helps(facts: StatementFacts, read: Read, candidate: Candidate, limits: Limits) -> Diagnosis:
    if any(a.partition("(")[0].strip() in ("min", "max") for s in read.scans for a in s.aggregates) and not read.terms:
        return _clear(
            facts,
            read,
            "It looks for a minimum or maximum over the whole table; an index on that column may serve.",
            candidate,
            known=False,
        )
    share = _share(facts, read, candidate)[0]
    if not candidate.refused or share >= limits.full_read_pct:
        return _full_read(facts, read, candidate, share)
    text = f"No index serves the statement as it is written: {candidate.refused[0]}."
    return _clear(facts, read, text, candidate, known=facts.actual)


def _full_read(facts: StatementFacts, read: Read, candidate: Candidate, share: float) -> Diagnosis:
    kept = read.kept_rows if read.kept_rows is not None else read.estimated_rows
    text = (
        f"It rightly reads most of the table: {number(kept)} of {number(read.read_rows)} rows of {read.table.name} ({share:.0f} %) are kept. "
        "No index helps; ask for fewer rows, or keep a summary."
    )
    return _clear(facts, read, text, candidate, known=facts.actual or not read.terms)


def _unclear(facts: StatementFacts, read: Read, candidate: Candidate, share: float, expected: float, limits: Limits) -> Diagnosis:
    if not facts.actual:
        text = f"The planner expects {expected:.1f} % of {read.table.name}, without knowing the values. Give the query with its values."
    elif read.error >= limits.max_error:
        text = f"The planner expects {expected:.1f} %, the statement keeps {share:.2f} %: the estimate is wrong. Run ANALYZE {read.table.name} first, then ask again."
    elif candidate.top_n:
        text = f"In the order asked, an index would still read {expected:.0f} % of {read.table.name} before enough rows pass its other conditions."
    else:
        text = f"It keeps {max(share, expected):.1f} % of {read.table.name}: whether an index pays depends on how the rows lie. Try one on a copy."
    return _clear(facts, read, text, candidate, known=False)


def _invalid(facts: StatementFacts, read: Read, candidate: Candidate, index: Index) -> Diagnosis:
    subject = f"{read.table.name}({', '.join(candidate.columns)})"
    text = f"The index {index.name} on {subject} exists but is not valid, so the planner may not use it: rebuild it (REINDEX INDEX CONCURRENTLY {index.name})."
    because = [f"{index.name} has indisvalid or indisready = false, and no build is in progress", *benefit(facts, read, candidate)]
    return Diagnosis(Status.PROBLEM, "invalid_index", index.name, text, {"index": index.name}, because, [], read_facts(facts, read))
