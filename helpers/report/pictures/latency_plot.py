"""Latency as a picture in a notebook: every call a dot, sets of calls side by side, p50 and p95 marked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from helpers.escaping import visible
from helpers.redaction import redact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.incident.looking import Samples

__all__ = ["Picture", "plot_latency"]

_COLOURS = ("#1a7f37", "#cf222e", "#0969da", "#9a6700")
_FAILED = "#24292f"


class Picture:
    """An SVG picture, and the same in words for whoever cannot see it."""

    def __init__(self, svg: str, words: str) -> None:
        self.svg = svg
        self.words = words

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.words


def plot_latency(limit: float | None = None, **sets: Samples) -> Picture:
    """Return the picture of one or more sets of samples on one logarithmic axis.

    Args:
        limit: What users may expect, in the samples' unit; drawn as a dashed line.
        sets: Name → samples, in the order they are drawn.

    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "runbook"}):
        figure = Figure(figsize=(7.5, 0.8 + 0.7 * len(sets)), layout="constrained")
        axes = figure.subplots()
        for row, (name, samples) in enumerate(sets.items()):
            _draw(axes, row, samples, _COLOURS[row % len(_COLOURS)])
            axes.text(-0.01, row, name, transform=axes.get_yaxis_transform(), ha="right", va="center")
        if limit is not None:
            axes.axvline(limit, color=_FAILED, linestyle="--", linewidth=1)
        _scale(axes, len(sets), next(iter(sets.values())).metric if sets else "")
        page = io.StringIO()
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    words = "\n".join(f"{name}: {samples!r}" for name, samples in sets.items())
    return Picture(page.getvalue(), redact(visible(words)))


def _draw(axes: Axes, row: int, samples: Samples, colour: str) -> None:
    values = [max(s.value, 1e-3) for s in samples.samples]
    heights = [row + 0.25 * ((i * 0.618) % 1 - 0.5) for i in range(len(values))]  # spread, the same in every run
    axes.scatter(values, heights, s=14, alpha=0.45, linewidths=0, c=[colour if s.ok else _FAILED for s in samples.samples])
    quantiles = samples.summary.quantiles
    for name in ("p50", "p95"):
        if name in quantiles:
            point = quantiles[name][1]
            axes.plot([point, point], [row - 0.28, row + 0.28], color=colour, linewidth=2)
            axes.text(point, row - 0.32, f"{name} {point:.3g}", ha="center", va="bottom", fontsize=8, color=colour)


def _scale(axes: Axes, rows: int, unit: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_yticks([])
    axes.set_xlabel(unit)
    axes.grid(axis="x", alpha=0.25)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
