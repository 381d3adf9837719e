"""Which statements take the time: a bar each, with what one call takes and how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.postgres.checks.statements_by_total_time import Statement
from helpers.report.numbers import number, quantity
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_statements"]

_WIDE = 108
_RIGHT = 58.0


def plot_statements(statements: CheckResult[Statement]) -> Picture:
    """Return bars of statements' shares of the time, as the check `statements_by_total_time` found them."""
    shown = list(statements)

    def draw(axes: Axes) -> None:
        for i, row in enumerate(shown):
            y, width = 2.0 * i, max(_RIGHT * row.share_pct / 100, 0.15)
            axes.text(0.5, y + 0.5, short(row.query, _WIDE), va="center", family="monospace", fontsize=8)
            axes.barh(y + 1.3, width, 0.62, left=0.5, color="#0969da")
            waiting = width * min(row.lock_wait_pct, 100.0) / 100
            axes.barh(y + 1.3, waiting, 0.62, left=0.5 + width - waiting, color="#cf222e")
            axes.text(width + 1.2, y + 1.3, _said(row), va="center", color=MUTED)

    words = "\n".join(f"{_said(row)}: {short(row.query, 200)}" for row in shown)
    return drawn(statements, 2.0 * len(shown), draw, words, empty="No statement ran while it was watched.", line=0.24)


def _said(row: Statement) -> str:
    took = f"{number(round(row.calls))} × {quantity(row.mean_ms, 'ms')}" if row.calls else "calls unknown"
    waits = f", {row.lock_wait_pct:.0f} % waiting for a lock" if row.lock_wait_pct else ""
    return f"{row.share_pct:.0f} %, {took}{waits}"
