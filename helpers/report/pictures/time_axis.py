"""The axis of time that the pictures of logs share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from helpers.report.pictures.canvas import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LEFT", "RIGHT", "label_times", "place"]

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
    for number in range(_LABELS):
        at = first + (last - first) * number / (_LABELS - 1)
        text = f"{at:%m-%d %H:%M}" if days else f"{at:%H:%M:%S}"
        side = "left" if number == 0 else "right" if number == _LABELS - 1 else "center"
        axes.text(place(at, times, for_s, end=number == _LABELS - 1), line, text, ha=side, va="center", fontsize=8, color=MUTED)
        if first == last:
            return
