"""Every check as a tile: red is a problem, amber is what nobody could tell, green is sound, grey has nothing to judge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from helpers.postgres.checks.overview import Answer
from helpers.report.pictures.canvas import STATUS, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_health"]

COLUMNS = 4
_WIDE = 29  # characters that fit on a tile


def plot_health(answers: CheckResult[Answer]) -> Picture:
    """Return the tiles of what the check `overview` answered, in its order, column by column."""
    rows = list(answers)
    high = math.ceil(len(rows) / COLUMNS)

    def draw(axes: Axes) -> None:
        from matplotlib.patches import FancyBboxPatch

        for i, answer in enumerate(rows):
            column, line = divmod(i, high)
            x, width = column * 100 / COLUMNS, 100 / COLUMNS - 1
            strong = answer.status in ("PROBLEM", "UNKNOWN")
            colour = STATUS.get(str(answer.status), STATUS["SKIPPED"])
            box = FancyBboxPatch(
                (x + 0.5, line + 0.12), width - 0.5, 0.72, boxstyle="round,pad=0,rounding_size=0.3", linewidth=0, mutation_aspect=0.3
            )
            box.set_facecolor(colour)
            box.set_alpha(1.0 if strong else 0.16)
            axes.add_patch(box)
            name = short(answer.check.replace("_", " "), _WIDE)
            axes.text(x + 1.5, line + 0.5, name, va="center", color="white" if strong else colour, weight="bold" if strong else "normal")

    words = "\n".join(f"{a.status} {a.check}: {a.said}" for a in rows)
    return drawn(answers, high, draw, words, empty="No check was asked.")
