"""What failed, by time: the share of requests with 5xx and 4xx, and a mark where another version came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from helpers.logs.checks.errors_by_time import ErrorsAt
from helpers.report.pictures.canvas import INK, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.report.pictures.time_axis import LEFT, label_times, place, share_lines, top_of
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_errors"]

_HIGH = 5.0  # lines
_TOP = 1.6  # lines above, for the marks
_ERRORS, _CLIENTS = "#cf222e", "#d4a72c"
_NARROW = 0.85


def plot_errors(found: CheckResult[ErrorsAt]) -> Picture:
    """Return bars of what the check `errors_by_time` found; each dashed line is the first sight of a version or deployment."""
    rows = list(found)
    times = [datetime.fromisoformat(row.at) for row in rows]
    top = top_of(max((100 * (row.errors + row.client_errors) / row.requests for row in rows), default=0.0))

    def draw(axes: Axes) -> None:
        base = _TOP + _HIGH
        _scale(axes, top, base)
        for row, at in zip(rows, times, strict=True):
            left = place(at, times, row.for_s)
            _bar(axes, row, left, place(at, times, row.for_s, end=True) - left, top)
            if row.new_version:
                axes.plot([left, left], [_TOP - 0.5, base], color=INK, linewidth=1, linestyle=(0, (3, 2)))
                axes.text(left, _TOP - 0.9, short(row.new_version, 24), ha="right" if left > 85 else "center", va="center", fontsize=8)
        label_times(axes, times, rows[0].for_s if rows else 0, base + 0.6)

    words = "\n".join(_words(row) for row in rows if row.errors or row.client_errors or row.new_version)
    return drawn(found, _TOP + _HIGH + 1.2 if rows else 0, draw, words or "Nothing failed.", empty="No request was logged.")


def _scale(axes: Axes, top: float, base: float) -> None:
    share_lines(axes, top, base, _HIGH)
    for left, colour, text in ((LEFT, _ERRORS, "5xx"), (LEFT + 8, _CLIENTS, "4xx")):
        axes.barh(0.3, 1.4, 0.42, left=left, color=colour)
        axes.text(left + 2, 0.3, text, va="center", fontsize=8)


def _bar(axes: Axes, row: ErrorsAt, left: float, width: float, top: float) -> None:
    below = _TOP + _HIGH
    for count, colour in ((row.errors, _ERRORS), (row.client_errors, _CLIENTS)):
        tall = _HIGH * (100 * count / row.requests) / top
        axes.bar(left + _NARROW * width / 2, -tall, _NARROW * width, bottom=below, color=colour, linewidth=0)
        below -= tall


def _words(row: ErrorsAt) -> str:
    new = f", first seen: {row.new_version}" if row.new_version else ""
    return f"{row.at}: {row.errors} × 5xx, {row.client_errors} × 4xx of {row.requests}{new}"
