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
_LEFT, _RIGHT = 50.0, 72.0
_CALM, _WRONG = (9, 105, 218), (207, 34, 46)  # as expected … a hundredfold off


def plot_plan(plan: CheckResult[PlanNode]) -> Picture:
    """Return the plan's nodes as the check `plan_tree` found them, each below its parent; the first 40."""
    shown = list(plan)[:_MOST]
    ran = any(node.actual_rows is not None for node in shown)

    def draw(axes: Axes) -> None:
        head = "own time, red where rows were misjudged" if ran else "own share of the planner's cost (not run)"
        axes.text(_LEFT, 0.4, head, va="center", color=MUTED, fontsize=8)
        for i, node in enumerate(shown):
            y, x = i + 1.4, 1.0 + 1.6 * node.depth
            if node.parent is not None and node.parent < len(shown):
                up = 1.0 + 1.6 * (node.depth - 1) + 0.4
                axes.plot([up, up, x - 0.2], [node.parent + 1.8, y, y], color="#c8d1da", linewidth=1)
            axes.text(x, y, short(f"{node.node} {node.target}", max(64 - 2 * node.depth, 12)), va="center")
            axes.barh(y, max((_RIGHT - _LEFT) * node.own_pct / 100, 0.15), 0.6, left=_LEFT, color=_colour(node.error))
            axes.text(_RIGHT + 1, y, _said(node, ran), va="center", color=MUTED, fontsize=8)

    words = "\n".join(f"{'  ' * n.depth}{n.node} {n.target}: {n.own_pct:.0f} %, {_said(n, ran)}" for n in shown)
    return drawn(plan, len(shown) + 1.0 if shown else 0, draw, words, empty="There is no plan.", line=0.27)


def _said(node: PlanNode, ran: bool) -> str:
    if not ran:
        return f"cost {number(round(node.own_weight, 1))}, {number(round(node.expected_rows))} rows expected"
    if node.actual_rows is None or not node.loops:
        return "never run"
    off = f" (× {number(round(node.error))} off)" if node.error and node.error >= 10 else ""
    disk = f", {quantity(node.spilled_bytes, 'bytes')} on disk" if node.spilled_bytes else ""
    return f"{quantity(node.own_weight, 'ms')}, {number(round(node.expected_rows))} → {number(round(node.actual_rows))} rows{off}{disk}"


def _colour(error: float | None) -> str:
    share = 0.0 if not error else min(math.log10(max(error, 1.0)) / 2, 1.0)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_CALM, _WRONG, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"
