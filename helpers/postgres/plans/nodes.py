"""EXPLAIN's JSON as typed nodes: whose own time it is, and how wrong the planner was about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.redaction import mask_literals

__all__ = ["PlanNode", "nodes_of"]

_BLOCK = 8192
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter")
_NAMES = ("Relation Name", "Index Name", "CTE Name", "Function Name")


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node; `weight` and `own_weight` are ms when it ran, else cost; `error` how many times more or fewer rows than expected."""

    number: int
    parent: int | None
    depth: int
    node: str
    target: str
    expected_rows: float
    actual_rows: float | None
    loops: float
    weight: float
    own_weight: float
    own_pct: float
    error: float | None
    removed_rows: float
    spilled_bytes: int
    condition: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """A node where it stands; `early` when what is above may stop before it has returned all its rows."""

    number: int
    parent: int | None
    depth: int
    weight: float
    early: bool
    node: Mapping[str, Any]


def nodes_of(plan: Mapping[str, Any]) -> list[PlanNode]:
    """Return the nodes of EXPLAIN's JSON (its `Plan`), each parent before its children; pure."""
    placed = list(_walk(plan, None, 0, 1.0, [0], early=False))
    children: dict[int, float] = {}
    for one in placed:
        if one.parent is not None:
            children[one.parent] = children.get(one.parent, 0.0) + one.weight
    own = [max(one.weight - children.get(one.number, 0.0), 0.0) for one in placed]
    whole = sum(own) or 1.0
    return [_node(one, own[i], 100 * own[i] / whole) for i, one in enumerate(placed)]


def _walk(node: Mapping[str, Any], parent: int | None, depth: int, processes: float, count: list[int], *, early: bool) -> Iterator[_Placed]:
    """Yield the nodes; below a Gather, time is summed over processes that work side by side."""
    number = count[0]
    count[0] += 1
    weight = float(node["Total Cost"])
    if "Actual Total Time" in node:
        weight = float(node["Actual Total Time"]) * float(node.get("Actual Loops", 1)) / processes
    yield _Placed(number, parent, depth, weight, early, node)
    below = float(node.get("Workers Launched", 0)) + 1 if node["Node Type"].startswith("Gather") else processes
    for child in node.get("Plans", []):
        yield from _walk(child, number, depth + 1, below, count, early=_stops_early(node, child, early))


def _stops_early(node: Mapping[str, Any], child: Mapping[str, Any], early: bool) -> bool:
    """Whether `node` may stop reading `child` before its end: then fewer rows than expected are no misjudgement."""
    kind, side = node["Node Type"], child.get("Parent Relationship")
    if side in ("InitPlan", "SubPlan") or kind in ("Limit", "Merge Join"):
        return True
    if side == "Inner" and (node.get("Inner Unique") or node.get("Join Type") in ("Semi", "Anti")):
        return kind == "Nested Loop"
    reads_all = kind in ("Sort", "Hash") or (kind == "Aggregate" and node.get("Strategy") != "Sorted")
    return early and not reads_all


def _node(placed: _Placed, own: float, own_pct: float) -> PlanNode:
    node = placed.node
    loops = float(node.get("Actual Loops", 1))
    removed = sum(float(node.get(f"Rows Removed by {why}", 0)) for why in ("Filter", "Join Filter", "Index Recheck"))
    return PlanNode(
        number=placed.number,
        parent=placed.parent,
        depth=placed.depth,
        node=node["Node Type"],
        target=" ".join(str(node[k]) for k in _NAMES if k in node),
        expected_rows=float(node["Plan Rows"]),
        actual_rows=float(node["Actual Rows"]) if "Actual Rows" in node else None,
        loops=loops,
        weight=round(placed.weight, 3),
        own_weight=round(own, 3),
        own_pct=round(own_pct, 1),
        error=_error(node, loops, early=placed.early),
        removed_rows=removed * loops,
        spilled_bytes=_spilled(node),
        condition=" and ".join(mask_literals(str(node[c])) for c in _CONDITIONS if c in node)[:300],
    )


def _error(node: Mapping[str, Any], loops: float, *, early: bool) -> float | None:
    if "Actual Rows" not in node or not loops:
        return None
    expected, actual = float(node["Plan Rows"]) + 1, float(node["Actual Rows"]) + 1  # none instead of one is no error
    return None if early and actual < expected else round(max(actual / expected, expected / actual), 1)


def _spilled(node: Mapping[str, Any]) -> int:
    if node.get("Sort Space Type") == "Disk":
        return int(node["Sort Space Used"]) * 1024
    if "Disk Usage" in node:  # a hashed aggregate
        return int(node["Disk Usage"]) * 1024
    return int(node.get("Temp Written Blocks", 0)) * _BLOCK if node["Node Type"] == "Hash" else 0
