"""The routes as a table with a sparkline each: its p95 by time, on a scale of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.logs.checks.routes_by_time import STEPS, RouteLine
from helpers.report.numbers import quantity
from helpers.report.pictures.canvas import INK, MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_routes"]

_MOST = 15
_COLUMNS = ((40.0, "requests"), (48.0, "5xx"), (58.0, "of all time"), (67.0, "p50"), (76.0, "p95"))
_LINE = (78.0, 98.0)
_BAD, _CALM = "#cf222e", "#0969da"


def plot_routes(found: CheckResult[RouteLine]) -> Picture:
    """Return the table of what the check `routes_by_time` found, the route that took most time first; a gap had no request."""
    shown = list(found)[:_MOST]

    def draw(axes: Axes) -> None:
        for at, name in _COLUMNS:
            axes.text(at, 0.5, name, ha="right", va="center", fontsize=8, color=MUTED)
        axes.text(_LINE[0], 0.5, "p95 by time, from 0", va="center", fontsize=8, color=MUTED)
        for line, row in enumerate(shown, 1):
            axes.text(0.5, line + 0.5, short(row.route, 40), va="center")
            for (at, _), text in zip(_COLUMNS, _cells(row), strict=True):
                axes.text(at, line + 0.5, text, ha="right", va="center", color=_BAD if row.errors and at == _COLUMNS[1][0] else INK)
            _sparkline(axes, row, line)

    words = "\n".join(
        f"{row.route}: {' '.join(f'{name} {text}' for (_, name), text in zip(_COLUMNS, _cells(row), strict=True))}" for row in shown
    )
    return drawn(found, len(shown) + 1.1 if shown else 0, draw, words, empty="No request was logged.")


def _cells(row: RouteLine) -> tuple[str, ...]:
    share = f"{row.time_pct:.1f} %" if row.time_pct is not None else "–"
    times = [quantity(value, "ms") if value is not None else "–" for value in (row.p50_ms, row.p95_ms)]
    return (f"{row.requests:,}", f"{row.errors:,}" if row.errors else "", share, *times)


def _sparkline(axes: Axes, row: RouteLine, line: int) -> None:
    known = [value for value in row.p95_by_time if value is not None]
    if not known:
        return
    highest, width = max(known) or 1.0, (_LINE[1] - _LINE[0]) / (STEPS - 1)
    xs = [_LINE[0] + width * i for i in range(STEPS)]
    ys = [float("nan") if value is None else line + 0.9 - 0.75 * value / highest for value in row.p95_by_time]
    axes.plot(xs, ys, color=_CALM, linewidth=1.2)
    place = row.p95_by_time.index(highest) if highest in row.p95_by_time else 0
    axes.plot([xs[place]], [ys[place]], marker="o", markersize=3, color=_BAD)
