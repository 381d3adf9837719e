"""What an investigation of one statement knows: typed, gathered once, judged elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.postgres.plans.predicate import Term
from helpers.postgres.plans.scans import Scan

__all__ = ["OFF_BY", "OUT_OF_DATE_PCT", "Alternative", "Column", "Index", "Read", "StatementFacts", "Table"]

OFF_BY = 10.0  # an estimate within this factor counts as accurate (FAULTS C6: stale statistics are off by 10 and more)
OUT_OF_DATE_PCT = 10.0  # changed rows that make statistics out of date (autovacuum_analyze_scale_factor = 10 %)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name as SQL, what a b-tree can do with its type, and how finely ANALYZE looks at it."""

    name: str
    quoted: str
    type: str
    cast_free: frozenset[str] = frozenset()
    btree: bool = True
    prefix_opclass: str = ""
    n_distinct: float | None = None
    analyzed: bool = True
    attnum: int = 0
    statistics_target: int = 100


@dataclass(frozen=True, slots=True)
class Index:
    """One index; `keys` are the server's own texts of its columns and expressions, in order."""

    name: str
    keys: tuple[str, ...]
    valid: bool = True
    building: bool = False
    predicate: str = ""
    method: str = "btree"
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table, or the partitioned table that a partition belongs to; `name` is `oid::regclass::text`.

    `extended` are the columns (attnum) that each of its extended statistics covers. `analyze_counted` is False when the server's
    counters were reset since the last ANALYZE, so that nobody knows how many rows changed.
    """

    name: str
    rows: float
    size_bytes: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    modified_rows: float = 0.0
    analyzed_s: float | None = None
    partitioned: bool = False
    analyze_counted: bool = True
    dead_rows: float = 0.0
    extended: tuple[frozenset[int], ...] = ()
    oid: int = 0

    @property
    def modified_pct(self) -> float:
        """Rows changed since the last ANALYZE, in per cent of the table; 100 when it was never analysed."""
        if self.analyzed_s is None:
            return 100.0
        return min(100.0 * self.modified_rows / max(self.rows, 1.0), 1000.0)


@dataclass(frozen=True, slots=True)
class Read:
    """One table read by the statement, partitions of one table added up.

    Rows are for one execution of the statement, all loops; `kept_rows` is None when nothing was run.
    `estimated_pct` and `kept_pct` are shares of the rows looked at. `error` is how many times the estimate is off.
    `how` says where `kept_rows` comes from: `measured`, `counted` (for values taken from the table), `returned` (rows per call in
    production) or `estimated`. `term_pct` maps a term's text to the share of the table the planner expects it to keep; `term_rows`
    to the rows it expects that term alone to keep and those it keeps, filled only where `error` asks for it.
    """

    table: Table
    scans: tuple[Scan, ...]
    terms: tuple[Term, ...] = ()
    join_terms: tuple[Term, ...] = ()
    sort_terms: tuple[tuple[str, str], ...] = ()
    read_rows: float = 0.0
    kept_rows: float | None = None
    estimated_rows: float = 0.0
    error: float = 1.0
    how: str = "estimated"
    term_pct: Mapping[str, float] = field(default_factory=dict)
    term_rows: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    volatility: Mapping[str, str] = field(default_factory=dict)

    def off_by(self, term: Term) -> float | None:
        """Return how many times the estimate of `term` alone is off; None where nobody counted."""
        if term.text not in self.term_rows:
            return None
        expected, kept = (max(rows, 1.0) for rows in self.term_rows[term.text])
        return max(expected / kept, kept / expected)

    @property
    def own_rows(self) -> float:
        """Rows looked at by the scans themselves, as against pairs that a join threw away; `read_rows` where nothing was run."""
        return sum(s.own_rows for s in self.scans) or self.read_rows

    @property
    def sequential(self) -> bool:
        """Whether it reads the whole table, no index used."""
        return any(s.node == "Seq Scan" for s in self.scans)


@dataclass(frozen=True, slots=True)
class Alternative:
    """The same statement, run once with a kind of plan node switched off: a better plan that is there, only not chosen."""

    without: str
    execution_ms: float


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """All that is known about one statement. `problem` and `remedy` say why nothing could be learnt of its plan.

    `alternative` is the fastest of the other plans that ended sooner, None when none did; `tried` says which were run.
    """

    text: str
    reads: tuple[Read, ...] = ()
    actual: bool = False
    execution_ms: float | None = None
    active_samples: int = 0
    lock_wait_pct: float = 0.0
    relations: tuple[str, ...] = ()
    blocked: bool = False
    alternative: Alternative | None = None
    tried: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""
