"""One request as a waterfall: every entry a bar from its beginning, for as long as it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.logs.checks.one_request import Span
from helpers.report.numbers import quantity
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_request"]

_MOST = 30
_LEFT, _RIGHT, _TEXT = 12.0, 46.0, 60.0
_SYSTEMS = {"postgresql": "#8250df", "redis": "#cf222e"}
_OTHER = "#0969da"
_LOUD = ("ERROR", "CRITICAL", "FATAL", "PANIC")


def plot_request(found: CheckResult[Span]) -> Picture:
    """Return the picture of what the check `one_request` found; an entry that says no duration is a dot."""
    shown = list(found)[:_MOST]
    ends = [(span.offset_ms or 0.0) + (span.duration_ms or 0.0) for span in shown]
    scale = (_RIGHT - _LEFT) / (max(ends, default=0.0) or 1.0)

    def draw(axes: Axes) -> None:
        for line, (span, end) in enumerate(zip(shown, ends, strict=True)):
            colour, left = _SYSTEMS.get(span.system, _OTHER), _LEFT + (span.offset_ms or 0.0) * scale
            axes.text(_LEFT - 1, line + 0.5, short(span.system, 14), ha="right", va="center", color=colour)
            if span.duration_ms is None:
                axes.plot([left], [line + 0.5], marker="o", markersize=4, color=colour)
            else:
                axes.barh(line + 0.5, max(span.duration_ms * scale, 0.25), 0.6, left=left, color=colour)
            axes.text(_LEFT + end * scale + 0.8, line + 0.5, _took(span), va="center", fontsize=7, color=MUTED)
            axes.text(
                _TEXT, line + 0.5, short(span.said, 60), va="center", fontsize=7, color="#cf222e" if span.severity_text in _LOUD else MUTED
            )

    words = "\n".join(f"{span.system} {_took(span)}: {span.said}" for span in shown)
    return drawn(found, len(shown), draw, words, empty="It is in no log.")


def _took(span: Span) -> str:
    began = "" if span.offset_ms is None else f"+{quantity(span.offset_ms, 'ms')}"
    return f"{began} {quantity(span.duration_ms, 'ms')}".strip() if span.duration_ms is not None else began
