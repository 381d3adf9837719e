"""Which prefixes hold the memory: a rectangle each, as large as its share.

Layout: squarified treemap (Bruls, Huizing, van Wijk 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.redis.tally import PrefixRow
from helpers.report.numbers import number, quantity
from helpers.report.pictures.canvas import INK, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_prefixes", "squarify"]

Box = tuple[float, float, float, float]
_HIGH = 14.0  # lines
_ASPECT = 9.5 / 100 / 0.3  # of a unit across to a line down, in inches
_EXPIRES, _NEVER = "#0969da", "#cf222e"
_SMALLEST = 0.004


def squarify(shares: Sequence[float], box: Box) -> list[Box]:
    """Return a box (x, y, width, height) for each share, in their order; shares are positive and the largest comes first."""
    x, y, width, height = box
    left, total, found = list(shares), sum(shares), []
    while left:
        side = min(width, height)
        area = width * height / total
        row = 1
        while row < len(left) and _worst(left[: row + 1], area, side) <= _worst(left[:row], area, side):
            row += 1
        taken, left = left[:row], left[row:]
        thick = sum(taken) * area / side
        along = 0.0
        for share in taken:
            length = share * area / thick
            found.append((x, y + along, thick, length) if width >= height else (x + along, y, length, thick))
            along += length
        x, y, width, height = (x + thick, y, width - thick, height) if width >= height else (x, y + thick, width, height - thick)
        total -= sum(taken)
    return found


def _worst(shares: Sequence[float], area: float, side: float) -> float:
    """Return the largest ratio of sides in a row of these shares."""
    thick = sum(shares) * area / side
    return max(max(thick / (s * area / thick), s * area / thick / thick) for s in shares)


def plot_prefixes(keys: CheckResult[PrefixRow]) -> Picture:
    """Return the treemap of what the check `keys_by_prefix` found, by memory, or by keys where the server does not tell memory.

    Blue keys expire, red ones never do; the rest of a rectangle's colour is the share that does not.
    """
    rows = [(r, (r.bytes_pct if r.bytes_pct is not None else r.keys_pct) / 100) for r in keys]
    shown = [(r, share) for r, share in rows if share >= _SMALLEST]
    boxes = squarify([share for _, share in shown], (0.0, 0.0, 100.0 * _ASPECT, _HIGH))

    def draw(axes: Axes) -> None:
        for (row, share), (x, y, width, height) in zip(shown, boxes, strict=True):
            _rectangle(axes, row, share, (x / _ASPECT, y, width / _ASPECT, height))
        for x, colour, said in ((0.5, _EXPIRES, "expires"), (12.0, _NEVER, "never expires")):
            axes.barh(_HIGH + 0.6, 1.4, 0.45, left=x, color=colour, alpha=0.7)
            axes.text(x + 2, _HIGH + 0.6, said, va="center", fontsize=8)

    words = "\n".join(_said(row, share) for row, share in shown)
    return drawn(keys, _HIGH + 1.2 if shown else 0, draw, words, empty="There are no keys.")


def _said(row: PrefixRow, share: float) -> str:
    size = f", {quantity(row.bytes, 'bytes')}" if row.bytes is not None else ""
    return f"{row.prefix}: {100 * share:.1f} %, {number(row.keys)} keys{size}, {row.without_ttl_pct:.0f} % never expire"


def _rectangle(axes: Axes, row: PrefixRow, share: float, box: Box) -> None:
    from matplotlib.patches import Rectangle

    x, y, width, height = box
    never = width * row.without_ttl_pct / 100
    axes.add_patch(Rectangle((x, y), width - never, height, facecolor=_EXPIRES, alpha=0.28, linewidth=0))
    axes.add_patch(Rectangle((x + width - never, y), never, height, facecolor=_NEVER, alpha=0.28, linewidth=0))
    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor="white", linewidth=2))
    fits = int(width / 0.92)
    if fits >= 6 and height >= 0.9:
        axes.text(x + 0.8, y + 0.55, short(row.prefix, fits), va="center", weight="bold", fontsize=8, color=INK)
    if fits >= 16 and height >= 1.8:
        size = quantity(row.bytes, "bytes") if row.bytes is not None else f"{number(row.keys)} keys"
        axes.text(x + 0.8, y + 1.4, short(f"{100 * share:.0f} %, {size}", fits), va="center", fontsize=8, color=INK)
