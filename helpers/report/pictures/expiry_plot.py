"""When keys expire: one line per prefix, one cell per step of time to live, darker where more keys are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.redis.checks.times_to_live import EDGES_S, TimesToLive
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_expiries"]

_LEFT, _STEP = 27.0, 6.0
_NAMES = ("1 s", "10 s", "1 min", "5 min", "15 min", "1 h", "6 h", "1 d", "7 d", "30 d", "more")
_EXPIRES, _NEVER = "#0969da", "#cf222e"


def plot_expiries(found: CheckResult[TimesToLive]) -> Picture:
    """Return the picture of what the check `times_to_live` found; the last column holds the keys that never expire."""
    prefixes = list(dict.fromkeys(row.prefix for row in found))
    totals = {p: sum(r.keys for r in found if r.prefix == p) for p in prefixes}

    def draw(axes: Axes) -> None:
        for i, name in enumerate((*_NAMES, "never")):
            said = name if name in ("more", "never") else f"< {name}"
            axes.text(_LEFT + (i + 0.5) * _STEP, 0.5, said, ha="center", va="center", fontsize=7, color=MUTED)
        for line, prefix in enumerate(prefixes, 1):
            axes.text(_LEFT - 1, line + 0.5, short(prefix, 30), ha="right", va="center")
        for row in found:
            _cell(axes, row, row.keys / totals[row.prefix], prefixes.index(row.prefix) + 1)

    words = "\n".join(f"{r.prefix}: {r.keys} keys {_when(r)}" for r in found)
    return drawn(found, len(prefixes) + 1.2 if prefixes else 0, draw, words, empty="There are no keys.")


def _cell(axes: Axes, row: TimesToLive, share: float, line: int) -> None:
    column = len(_NAMES) if row.from_s is None else EDGES_S.index(row.from_s)
    colour = _NEVER if row.from_s is None else _EXPIRES
    axes.barh(line + 0.5, _STEP - 0.4, 0.8, left=_LEFT + column * _STEP + 0.2, color=colour, alpha=0.12 + 0.83 * share)
    if share >= 0.005:
        ink = "white" if share > 0.55 else MUTED
        axes.text(_LEFT + (column + 0.5) * _STEP, line + 0.5, f"{100 * share:.0f} %", ha="center", va="center", fontsize=7, color=ink)


def _when(row: TimesToLive) -> str:
    return "never expire" if row.from_s is None else f"expire in {row.from_s:g} to {row.to_s:g} s"
