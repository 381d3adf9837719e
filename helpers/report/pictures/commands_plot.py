"""Which commands take the server's thread: a bar each, of all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.redis.checks.time_by_command import CommandTime
from helpers.report.numbers import number, quantity
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_commands"]

_MOST = 12
_LEFT, _RIGHT = 20.0, 62.0


def plot_commands(found: CheckResult[CommandTime]) -> Picture:
    """Return bars of what the check `time_by_command` found, the command with most time first."""
    shown = list(found)[:_MOST]
    longest = max((row.held_pct for row in shown), default=1.0) or 1.0

    def draw(axes: Axes) -> None:
        for line, row in enumerate(shown):
            axes.text(_LEFT - 1, line + 0.5, short(row.command, 24), ha="right", va="center", family="monospace", fontsize=8)
            width = max((_RIGHT - _LEFT) * row.held_pct / longest, 0.15)
            axes.barh(line + 0.5, width, 0.62, left=_LEFT, color="#cf222e" if row.failed_per_s else "#0969da")
            axes.text(_LEFT + width + 0.7, line + 0.5, _said(row), va="center", color=MUTED)

    words = "\n".join(f"{row.command}: {_said(row)}" for row in shown)
    return drawn(found, len(shown), draw, words, empty="No command ran while it was watched.")


def _said(row: CommandTime) -> str:
    failed = f", {number(row.failed_per_s)} a second failed" if row.failed_per_s else ""
    return f"{row.held_pct:.1f} % of the thread, {number(row.calls_per_s)} a second × {quantity(row.ms_per_call, 'ms')}{failed}"
