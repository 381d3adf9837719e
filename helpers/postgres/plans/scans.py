"""The table reads of a plan: what each was asked, how many rows it expected, read and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from helpers.postgres.plans.tokens import outer_brackets_removed, split_at, text_of, tokens

__all__ = ["Scan", "divisor_of", "scans_of"]

_READS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Tid Scan", "Sample Scan"}
_PASSES = {"Hash", "Materialize", "Memoize", "Append", "Merge Append"}
_CONDITIONS = ("Index Cond", "Recheck Cond", "Filter")
_JOINS = ("Hash Cond", "Merge Cond", "Join Filter")


@dataclass(frozen=True, slots=True)
class Scan:
    """One read of one table in a plan; rows are per loop, and None where the statement was not run.

    `joins` are the join conditions above it that look at this table, `joined_rows` what the nearest such join kept in all.
    `sort_keys` order the rows before a LIMIT of `limit_rows`. `stops_early` says it may have been stopped before its end.
    `join_kinds` are the joins above it, outermost first. `blocks` are the pages it touched, all loops, where it was run.
    `divisor` is by how much the planner divided a parallel estimate.
    """

    node: str
    schema: str
    relation: str
    alias: str
    conditions: tuple[str, ...] = ()
    index: str = ""
    estimated_rows: float = 0.0
    actual_rows: float | None = None
    removed_rows: float = 0.0
    loops: float = 1.0
    divisor: float = 1.0
    joins: tuple[str, ...] = ()
    joined_rows: float | None = None
    removed_by_join: float = 0.0
    preserved: bool = False
    sort_keys: tuple[str, ...] = ()
    limit_rows: float | None = None
    stops_early: bool = False
    join_kinds: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    blocks: float | None = None

    @property
    def under_join(self) -> bool:
        """Whether its rows go into a join."""
        return bool(self.join_kinds)

    @property
    def expected_rows(self) -> float:
        """Rows the planner expected to pass, loops and parallel workers included."""
        return self.estimated_rows * (self.divisor if self.divisor > 1 else self.loops)

    @property
    def read_rows(self) -> float | None:
        """Rows looked at in all, loops included; None where the statement was not run."""
        if self.actual_rows is None:
            return None
        return max(self.own_rows, self.removed_by_join)

    @property
    def own_rows(self) -> float:
        """Rows it looked at itself, loops included, as against pairs that a join above it threw away; 0 where it was not run."""
        return ((self.actual_rows or 0.0) + self.removed_rows) * self.loops

    @property
    def kept_rows(self) -> float | None:
        """Rows that passed its own condition, loops included."""
        return None if self.actual_rows is None else self.actual_rows * self.loops


@dataclass(frozen=True, slots=True)
class _Above:
    """What the nodes above a scan say about it."""

    joins: tuple[Mapping[str, Any], ...] = ()
    preserved: bool = False
    sort_keys: tuple[str, ...] = ()
    limit_rows: float | None = None
    limited: bool = False
    early: bool = False
    join_kinds: tuple[str, ...] = ()
    divisor: float = 1.0
    aggregates: tuple[str, ...] = field(default=())


def scans_of(plan: Mapping[str, Any]) -> list[Scan]:
    """Return every table read of an EXPLAIN (FORMAT JSON) document, in plan order."""
    return list(_walk(plan["Plan"], _Above()))


def _walk(node: Mapping[str, Any], above: _Above) -> Iterator[Scan]:
    if node["Node Type"] in _READS and "Relation Name" in node:
        yield _scan(node, above)
    below = _below(node, above)
    for child in node.get("Plans", []):
        yield from _walk(child, _for_child(node, child, below))


def _below(node: Mapping[str, Any], above: _Above) -> _Above:
    """Return what a child of `node` is told; a node that computes forgets what lies beyond it."""
    kind = node["Node Type"]
    if kind == "Limit":
        return replace(above, limit_rows=_rows(node), limited=True, early=True)
    if kind == "Sort" or kind == "Incremental Sort":
        keys = tuple(node.get("Sort Key", ())) if above.limited else ()
        return replace(above, sort_keys=keys, early=False)
    if kind in ("Hash Join", "Merge Join", "Nested Loop"):
        early = above.early or kind == "Merge Join" or node.get("Join Type") in ("Semi", "Anti") or bool(node.get("Inner Unique"))
        return replace(above, joins=(*above.joins, node), join_kinds=(*above.join_kinds, kind), early=early, limited=False, sort_keys=())
    if kind == "Aggregate":
        output = tuple(node.get("Output", ())) if node.get("Strategy") == "Plain" else ()
        return _Above(aggregates=output, join_kinds=above.join_kinds, divisor=above.divisor)
    if kind.startswith("Gather"):
        return replace(above, divisor=divisor_of(float(node.get("Workers Planned", 0))))
    if kind in _PASSES:
        return above
    return _Above(join_kinds=above.join_kinds, divisor=above.divisor)


def divisor_of(workers: float) -> float:
    """Return by how much a parallel node's estimate is divided (costsize.c, get_parallel_divisor)."""
    return workers + max(1.0 - 0.3 * workers, 0.0)


def _for_child(node: Mapping[str, Any], child: Mapping[str, Any], below: _Above) -> _Above:
    """Return `below`, knowing whether an outer join must keep every row of this child."""
    side, kind = child.get("Parent Relationship"), node.get("Join Type")
    if side in ("InitPlan", "SubPlan"):
        return _Above()
    kept = (kind in ("Left", "Full", "Anti") and side == "Outer") or (kind in ("Right", "Full", "Right Anti") and side == "Inner")
    return replace(below, preserved=True) if kept else below


def _rows(node: Mapping[str, Any]) -> float:
    return float(node.get("Actual Rows", node.get("Plan Rows", 0)))


def _scan(node: Mapping[str, Any], above: _Above) -> Scan:
    bitmap = next((c["Index Name"] for c in _descendants(node) if "Index Name" in c), "")
    joins, joined_rows, removed_by_join = _joins_on(str(node.get("Alias", "")), above.joins)
    return Scan(
        node=node["Node Type"],
        schema=node.get("Schema", ""),
        relation=node["Relation Name"],
        alias=node.get("Alias", node["Relation Name"]),
        conditions=tuple(node[c] for c in _CONDITIONS if c in node),
        index=node.get("Index Name", bitmap),
        estimated_rows=float(node.get("Plan Rows", 0)),
        actual_rows=float(node["Actual Rows"]) if "Actual Rows" in node else None,
        removed_rows=sum(float(node.get(f"Rows Removed by {why}", 0)) for why in ("Filter", "Index Recheck")),
        loops=float(node.get("Actual Loops", 1)),
        divisor=above.divisor if node.get("Parallel Aware") else 1.0,
        joins=joins,
        joined_rows=joined_rows,
        removed_by_join=removed_by_join,
        preserved=above.preserved,
        sort_keys=above.sort_keys,
        limit_rows=above.limit_rows if above.limited else None,
        stops_early=above.early,
        join_kinds=above.join_kinds,
        aggregates=above.aggregates,
        blocks=_blocks(node),
    )


def _blocks(node: Mapping[str, Any]) -> float | None:
    """Return the pages a node touched with those below it, as EXPLAIN (ANALYZE, BUFFERS) counts them."""
    counted = [float(node[f"Shared {how} Blocks"]) for how in ("Hit", "Read") if f"Shared {how} Blocks" in node]
    return sum(counted) if counted else None


def _joins_on(alias: str, joins: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], float | None, float]:
    """Return the nearest join's terms that look at `alias`, the rows that join kept, and those its filter removed."""
    for join in reversed(joins):
        terms = [t for c in _JOINS if c in join for t in _and_parts(join[c]) if _mentions(t, alias)]
        if terms:
            loops = float(join.get("Actual Loops", 1))
            return tuple(terms), _rows(join) * loops, float(join.get("Rows Removed by Join Filter", 0)) * loops
    return (), None, 0.0


def _and_parts(condition: str) -> list[str]:
    try:
        return [text_of(p) for p in split_at(outer_brackets_removed(tokens(condition)), "AND")]
    except ValueError:
        return []


def _mentions(condition: str, alias: str) -> bool:
    words = tokens(condition)
    return any(a.identifier == alias and b.text == "." for a, b in pairwise(words))


def _descendants(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("Plans", []):
        yield child
        yield from _descendants(child)
