"""The lock tree as a picture: heads of queues in red, who waits behind them to the right and below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from helpers.postgres.checks.lock_tree import LockRow
from helpers.report.blocks import Node
from helpers.report.pictures.canvas import MUTED, STATUS, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.report.pictures.lock_tree import lock_tree
from helpers.results import CheckResult, row_dict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_locks"]

_STEP = 4.0  # per level of the tree, in per cent of the width
_TALL = 1.5  # lines a session takes
_DEEPEST = 12


def plot_locks(locks: CheckResult[LockRow]) -> Picture:
    """Return the tree of sessions that wait or block as the check `lock_tree` found them."""
    tree = lock_tree([row_dict(row) for row in locks])
    placed = list(_walk(tree.nodes, 0, None)) if tree else []

    def draw(axes: Axes) -> None:
        for i, (depth, parent, node) in enumerate(placed):
            x, y = 1.5 + _STEP * min(depth, _DEEPEST), _TALL * i + 0.55
            if parent is not None:
                up = 1.5 + _STEP * min(depth - 1, _DEEPEST)
                axes.plot([up, up, x], [_TALL * parent + 0.55, y, y], color=MUTED, linewidth=1, zorder=1)
            colour = STATUS["PROBLEM"] if node.mark else STATUS["UNKNOWN"]
            axes.scatter([x], [y], s=70, color=colour, zorder=2)
            axes.text(x + 1.5, y, short(node.text + (f" · {node.mark}" if node.mark else ""), 90), va="center", weight="bold")
            axes.text(x + 1.5, y + 0.62, short(node.detail, 120), va="center", color=MUTED, fontsize=8)

    words = "\n".join(f"{'  ' * depth}{node.text}: {node.detail}" for depth, _, node in placed)
    return drawn(locks, _TALL * len(placed), draw, words, empty="Nobody waits for a lock.")


def _walk(nodes: Sequence[Node], depth: int, parent: int | None, count: list[int] | None = None) -> Iterator[tuple[int, int | None, Node]]:
    count = [0] if count is None else count
    for node in nodes:
        number = count[0]
        count[0] += 1
        yield depth, parent, node
        yield from _walk(node.children, depth + 1, number, count)
