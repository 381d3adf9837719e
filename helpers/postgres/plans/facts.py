"""What an investigation of one statement knows: typed, gathered once, judged elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.postgres.plans.predicate import Term
from helpers.postgres.plans.scans import Scan

__all__ = ["Column", "Index", "Read", "StatementFacts", "Table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name as SQL, and what a b-tree can do with its type."""

    name: str
    quoted: str
    type: str
    cast_free: frozenset[str] = frozenset()
    btree: bool = True
    prefix_opclass: str = ""
    n_distinct: float | None = None
    analyzed: bool = True


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
    """One table, or the partitioned table that a partition belongs to; `name` is `oid::regclass::text`."""

    name: str
    rows: float
    size_bytes: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    modified_rows: float = 0.0
    analyzed_s: float | None = None
    partitioned: bool = False

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
    production) or `estimated`. `term_pct` maps a term's text to the share of the table the planner expects it to keep.
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
    volatility: Mapping[str, str] = field(default_factory=dict)

    @property
    def sequential(self) -> bool:
        """Whether it reads the whole table, no index used."""
        return any(s.node == "Seq Scan" for s in self.scans)


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """All that is known about one statement. `problem` and `remedy` say why nothing could be learnt of its plan."""

    text: str
    reads: tuple[Read, ...] = ()
    actual: bool = False
    execution_ms: float | None = None
    active_samples: int = 0
    lock_wait_pct: float = 0.0
    relations: tuple[str, ...] = ()
    blocked: bool = False
    problem: str = ""
    remedy: str = ""
