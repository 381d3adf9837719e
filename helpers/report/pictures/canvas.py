"""A canvas for pictures in notebooks: no frame, no axes, text that stays text, the same bytes in every run."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from helpers.escaping import visible
from helpers.redaction import redact
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["INK", "MUTED", "STATUS", "WIDTH", "drawn", "short"]

WIDTH = 9.5  # inches: as wide as a notebook's column
_WIDE = 150  # characters of a line across it
INK, MUTED = "#1f2328", "#57606a"
STATUS = {"OK": "#1a7f37", "PROBLEM": "#cf222e", "UNKNOWN": "#9a6700", "SKIPPED": "#8c959f"}


def drawn(result: CheckResult[Any], lines: float, draw: Callable[[Axes], None], words: str, *, empty: str, line: float = 0.3) -> Picture:
    """Return the picture of a check's answer: `lines` lines, counted downwards from 0, on a width of 0 to 100.

    An answer that is UNKNOWN or SKIPPED says so above what was learnt, and never shows as sound.

    Args:
        result: The answer.
        lines: Height of the drawing in lines; 0 when there are no rows, then `empty` stands there.
        draw: Draws on the axes given.
        words: The same in words.
        empty: What a sound answer without rows means.
        line: Height of a line in inches.

    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    said = [f"{result.status}: {result.reason}", result.remedy] if result.status in ("UNKNOWN", "SKIPPED") else []
    notes = [short(text, _WIDE) for text in said if text] or ([] if lines else [empty])
    colour = STATUS[str(result.status)] if said or not lines else INK
    # parse_math: a statement's $1 is no formula
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "runbook", "text.parse_math": False, "text.color": INK, "font.size": 9}):
        figure = Figure(figsize=(WIDTH, (lines + len(notes)) * line))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, 100)
        axes.set_ylim(lines, -len(notes))
        axes.axis("off")
        draw(axes)
        for i, text in enumerate(notes):
            axes.text(0.5, i - len(notes) + 0.5, text, va="center", color=colour)
        page = io.StringIO()
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(redact(page.getvalue()), redact(visible("\n".join([*notes, words]).strip())))


def short(text: object, most: int) -> str:
    """Return foreign text in one line of at most `most` characters."""
    flat = visible(" ".join(str(text).split()))
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
