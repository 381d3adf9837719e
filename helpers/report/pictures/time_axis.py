"""The axis of time that the pictures of logs share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from helpers.report.numbers import number
from helpers.report.pictures.canvas import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEFT", "RIGHT", "label_times", "place", "share_lines", "top_of"]

LEFT, RIGHT = 9.0, 98.0
_LABELS = 5


def place(at: datetime, times: Sequence[datetime], for_s: float, *, end: bool = False) -> float:
    """Return where a moment lies between LEFT and RIGHT, or where the step of `for_s` seconds that begins then ends.

    Args:
        at: The moment.
        times: All moments at which steps begin.
        for_s: Seconds of a step.
        end: The end of its step is asked for.

    """
    first = min(times)
    span = (max(times) - first).total_seconds() + for_s
    passed = (at - first).total_seconds() + (for_s if end else 0.0)
    return LEFT + (RIGHT - LEFT) * passed / (span or 1.0)


def label_times(axes: Axes, times: Sequence[datetime], for_s: float, line: float) -> None:
    """Write some moments (UTC) along the line; with the day where there are several."""
    if not times:
        return
    first, last = min(times), max(times)
    days = first.date() != last.date()
    for nth in range(_LABELS):
        at = first + (last - first) * nth / (_LABELS - 1)
        text = f"{at:%m-%d %H:%M}" if days else f"{at:%H:%M:%S}"
        side = "left" if nth == 0 else "right" if nth == _LABELS - 1 else "center"
        axes.text(place(at, times, for_s, end=nth == _LABELS - 1), line, text, ha=side, va="center", fontsize=8, color=MUTED)
        if first == last:
            return


def top_of(most: float) -> float:
    """Return the end of an axis of shares, in per cent: never so low that one in a thousand fills the picture."""
    return next((top for top in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if most <= top), 100.0)


def share_lines(axes: Axes, top: float, base: float, high: float) -> None:
    """Draw the lines of an axis of shares, `high` lines high and standing on the line `base`, which ends at `top` per cent."""
    for share in (0.0, top / 2, top):
        line = base - high * share / top
        axes.plot([LEFT, RIGHT], [line, line], color="#d0d7de", linewidth=0.6, zorder=0)
        axes.text(LEFT - 0.8, line, f"{number(share)} %", ha="right", va="center", fontsize=8, color=MUTED)
