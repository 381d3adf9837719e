"""The nodes of a plan: what each expected, met, touched and spilled; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from helpers.postgres.plans.scans import divisor_of

__all__ = ["PlanNode", "nodes_of"]

BLOCK_KB = 8


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node; rows are for one execution of the statement, all loops and workers; what only a run can tell is None without one.

    `depth` is 0 at the top. `error` is how many times the estimate is off; None where the node was stopped before its end. `self_ms` is
    its own time, its children's taken off, and in a parallel part the time of one process. `shared_blocks` and `temp_blocks` are its own,
    read and written. `spill` says what did not fit into memory; empty: all did.
    """

    depth: int
    node: str
    relation: str
    index: str
    estimated_rows: float
    actual_rows: float | None
    error: float | None
    loops: float | None
    removed_rows: float | None
    self_ms: float | None
    shared_blocks: float | None
    temp_blocks: float | None
    spill: str


def nodes_of(plan: Mapping[str, Any]) -> list[PlanNode]:
    """Return every node of an EXPLAIN (FORMAT JSON) document, in the order EXPLAIN prints them."""
    return list(_walk(plan["Plan"], 0, _Above()))


@dataclass(frozen=True, slots=True)
class _Above:
    """What the nodes above say: a parallel part's estimates are per worker (`divisor`), its times a sum over `processes`.

    `early` says that they may have stopped a node before its end.
    """

    divisor: float = 1.0
    processes: float = 1.0
    early: bool = False


def _walk(node: Mapping[str, Any], depth: int, above: _Above) -> Iterator[PlanNode]:
    yield _node(node, depth, above)
    below = replace(above, early=_stops(node, early=above.early))
    if node["Node Type"].startswith("Gather"):
        planned = float(node.get("Workers Planned", 0))
        below = replace(below, divisor=divisor_of(planned), processes=float(node.get("Workers Launched", planned)) + 1.0)
    for child in node.get("Plans", []):
        yield from _walk(child, depth + 1, below)


def _stops(node: Mapping[str, Any], *, early: bool) -> bool:
    """Whether a child of `node` may be stopped before its end; what reads its input whole first passes that on to nobody."""
    kind = node["Node Type"]
    if kind in ("Sort", "Hash", "Aggregate", "ModifyTable"):
        return False
    return early or kind in ("Limit", "Merge Join") or node.get("Join Type") in ("Semi", "Anti") or bool(node.get("Inner Unique"))


def _node(node: Mapping[str, Any], depth: int, above: _Above) -> PlanNode:
    loops = float(node["Actual Loops"]) if "Actual Loops" in node else None
    actual = None if loops is None else float(node["Actual Rows"]) * loops
    expected = float(node.get("Plan Rows", 0)) * (above.divisor if above.divisor > 1 else max(loops or 1.0, 1.0))
    judged = actual is not None and bool(loops) and not (above.early and actual < expected)
    return PlanNode(
        depth=depth,
        node=_kind(node),
        relation=".".join(node[k] for k in ("Schema", "Relation Name") if node.get(k)),
        index=str(node.get("Index Name", "")),
        estimated_rows=round(expected, 1),
        actual_rows=None if actual is None else round(actual, 1),
        error=round(_off(expected, actual), 1) if judged and actual is not None else None,
        loops=loops,
        removed_rows=None if loops is None else round(sum(float(v) for k, v in node.items() if k.startswith("Rows Removed by")) * loops, 1),
        self_ms=_self_ms(node, above.processes),
        shared_blocks=_own(node, ("Shared Hit Blocks", "Shared Read Blocks")),
        temp_blocks=_own(node, ("Temp Read Blocks", "Temp Written Blocks")),
        spill=_spill(node),
    )


def _kind(node: Mapping[str, Any]) -> str:
    """Return the node's kind with what makes it that: `Parallel Seq Scan`, `Hash Left Join`, `Hash Aggregate`."""
    kind = str(node["Node Type"])
    if kind == "Aggregate" and node.get("Strategy") in ("Hashed", "Sorted", "Mixed"):
        kind = {"Hashed": "Hash Aggregate", "Sorted": "Group Aggregate", "Mixed": "Mixed Aggregate"}[node["Strategy"]]
    if node.get("Join Type", "Inner") != "Inner":
        kind = f"{kind.removesuffix(' Join')} {node['Join Type']} Join"
    return f"Parallel {kind}" if node.get("Parallel Aware") else kind


def _off(expected: float, actual: float) -> float:
    expected, actual = max(expected, 1.0), max(actual, 1.0)
    return max(expected / actual, actual / expected)


def _total_ms(node: Mapping[str, Any], processes: float) -> float | None:
    if "Actual Total Time" not in node:
        return None
    return float(node["Actual Total Time"]) * float(node["Actual Loops"]) / processes


def _self_ms(node: Mapping[str, Any], processes: float) -> float | None:
    total = _total_ms(node, processes)
    if total is None:
        return None
    inside = float(node.get("Workers Launched", 0)) + 1.0 if node["Node Type"].startswith("Gather") else processes
    below = sum(_total_ms(child, inside) or 0.0 for child in node.get("Plans", []))
    return round(max(total - below, 0.0), 3)


def _own(node: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    """Return the node's own count of blocks: EXPLAIN adds those of its children to it."""
    if not any(name in node for name in names):
        return None
    own = sum(float(node.get(name, 0)) for name in names)
    return max(own - sum(float(child.get(name, 0)) for child in node.get("Plans", []) for name in names), 0.0)


def _spill(node: Mapping[str, Any]) -> str:
    """Return what of a sort, hash or aggregate went to disk, as the server says it."""
    if node.get("Sort Space Type") == "Disk":
        return f"{node['Sort Method']}, {node['Sort Space Used']:,} kB on disk"
    batches = node.get("Hash Batches", node.get("HashAgg Batches", 1))
    if batches > 1:
        return f"{batches} batches" + (f", {node['Disk Usage']:,} kB on disk" if node.get("Disk Usage") else "")
    worst = max((w.get("Sort Space Used", 0) for w in node.get("Workers", []) if w.get("Sort Space Type") == "Disk"), default=0)
    if worst:
        return f"external merge in a worker, {worst:,} kB on disk"
    written = node.get("Temp Written Blocks", 0) - sum(c.get("Temp Written Blocks", 0) for c in node.get("Plans", []))
    return f"{written * BLOCK_KB:,} kB written" if written > 0 else ""
