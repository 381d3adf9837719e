"""How long requests took, by time, as a heat map: time to the right, duration upwards in powers of ten, darker where more requests are."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from helpers.logs.checks.latency_by_time import PER_DECADE, LatencyCell
from helpers.report.numbers import quantity
from helpers.report.pictures.canvas import MUTED, drawn
from helpers.report.pictures.latency_plot import Picture
from helpers.report.pictures.time_axis import LEFT, RIGHT, label_times, place
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_latencies"]

_STEP = 0.42  # lines a duration step is high
_COLOUR = "#0969da"


def plot_latencies(found: CheckResult[LatencyCell]) -> Picture:
    """Return the picture of what the check `latency_by_time` found; each column is darkest where most of its requests are."""
    cells = list(found)
    steps = [round(PER_DECADE * math.log10(cell.from_ms)) for cell in cells]
    lowest, highest = (min(steps), max(steps)) if steps else (0, 0)
    times = [datetime.fromisoformat(cell.at) for cell in cells]
    most: dict[str, int] = {}
    for cell in cells:
        most[cell.at] = max(most.get(cell.at, 0), cell.requests)
    high = (highest - lowest + 1) * _STEP + 1.2 if cells else 0.0

    def draw(axes: Axes) -> None:
        for step in range(lowest, highest + 2):
            if step % PER_DECADE == 0:
                line = (highest + 1 - step) * _STEP
                axes.plot([LEFT, RIGHT], [line, line], color="#d0d7de", linewidth=0.6, zorder=0)
                axes.text(LEFT - 0.8, line, quantity(10 ** (step / PER_DECADE), "ms"), ha="right", va="center", fontsize=8, color=MUTED)
        for cell, step, at in zip(cells, steps, times, strict=True):
            left, right = place(at, times, cell.for_s), place(at, times, cell.for_s, end=True)
            alpha = 0.1 + 0.9 * math.sqrt(cell.requests / most[cell.at])
            axes.barh((highest - step + 0.5) * _STEP, right - left, _STEP, left=left, color=_COLOUR, alpha=alpha, linewidth=0)
        label_times(axes, times, cells[0].for_s if cells else 0, high - 0.6)

    return drawn(found, high, draw, _words(cells), empty="No request was logged with its duration.")


def _words(cells: list[LatencyCell]) -> str:
    by_time: dict[str, list[LatencyCell]] = {}
    for cell in cells:
        by_time.setdefault(cell.at, []).append(cell)
    most = {at: max(some, key=lambda cell: cell.requests) for at, some in by_time.items()}
    return "\n".join(f"{at}: most took {quantity(c.from_ms, 'ms')} to {quantity(c.to_ms, 'ms')}" for at, c in most.items())
