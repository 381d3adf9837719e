"""A plan as a tree of bars: how long a bar is, is the node's own share; its colour, how wrong the planner was about its rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from helpers.postgres.plans.nodes import PlanNode
from helpers.report.numbers import number, quantity
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_plan"]

_MOST = 40
_LEFT, _RIGHT = 48.0, 68.0
_STEP = 1.6  # per level of the plan
_NOTABLE = 10.0  # as the check has it: an estimate off tenfold
_CALM, _WRONG = (9, 105, 218), (207, 34, 46)  # as expected … a hundredfold off


def plot_plan(plan: CheckResult[PlanNode]) -> Picture:
    """Return the plan's nodes as the check `plan_of` found them, each below its parent; the first 40. A plan that was not run has no bars."""
    shown = list(plan)[:_MOST]
    whole = sum(node.self_ms or 0.0 for node in plan) or 1.0
    parents = _parents(shown)

    def draw(axes: Axes) -> None:
        if any(node.self_ms is not None for node in shown):
            axes.text(_LEFT, 0.4, "own time; red where rows were misjudged", va="center", color=MUTED, fontsize=8)
        for i, node in enumerate(shown):
            y, x = i + 1.4, 1.0 + _STEP * node.depth
            parent = parents[i]
            if parent is not None:
                up = x - _STEP + 0.4
                axes.plot([up, up, x - 0.2], [parent + 1.8, y, y], color="#c8d1da", linewidth=1)
            axes.text(x, y, short(_named(node), max(64 - 2 * node.depth, 12)), va="center")
            if node.self_ms is not None:
                axes.barh(y, max((_RIGHT - _LEFT) * node.self_ms / whole, 0.15), 0.6, left=_LEFT, color=_colour(node.error))
            axes.text(_RIGHT + 1, y, _said(node), va="center", color=MUTED, fontsize=8)

    words = "\n".join(f"{'  ' * n.depth}{_named(n)}: {_said(n)}" for n in shown)
    return drawn(plan, len(shown) + 1.0 if shown else 0, draw, words, empty="There is no plan.", line=0.27)


def _parents(nodes: list[PlanNode]) -> list[int | None]:
    """Return each node's parent by place: the nearest one before it that is one level up."""
    last: dict[int, int] = {}
    parents: list[int | None] = []
    for i, node in enumerate(nodes):
        parents.append(last.get(node.depth - 1))
        last[node.depth] = i
    return parents


def _named(node: PlanNode) -> str:
    return " ".join(part for part in (node.node, node.relation, node.index) if part)


def _said(node: PlanNode) -> str:
    expected = number(round(node.estimated_rows))
    if node.actual_rows is None:
        return f"{expected} rows expected"
    if not node.loops:
        return "never run"
    off = f" (× {number(round(node.error))} off)" if node.error and node.error >= _NOTABLE else ""
    spill = f", {short(node.spill, 40)}" if node.spill else ""
    return f"{quantity(node.self_ms, 'ms')}, {expected} → {number(round(node.actual_rows))} rows{off}{spill}"


def _colour(error: float | None) -> str:
    share = 0.0 if not error else min(math.log10(max(error, 1.0)) / 2, 1.0)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_CALM, _WRONG, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
