"""Who was hit, and since when: the share of requests that went wrong by time, and the routes before and after."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from helpers.logs.checks.who_was_hit import Hit
from helpers.report.numbers import quantity
from helpers.report.pictures.canvas import INK, MUTED, drawn, short
from helpers.report.pictures.hit_bars import Step, said_of, steps
from helpers.report.pictures.latency_plot import Picture
from helpers.report.pictures.time_axis import LEFT, RIGHT, label_times, place, share_lines, top_of
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_hit"]

_HIGH, _TOP = 4.0, 1.9  # lines of the bars, and above them for the mark
_BEFORE, _SINCE = "#8c959f", "#bc4c00"
_MOST = 10
_COLUMNS = ((56.0, "p95 before"), (66.0, "p95 since"), (77.0, "failed before"), (87.0, "failed since"), (97.0, "who was hit"))


def plot_hit(found: CheckResult[Hit]) -> Picture:
    """Return the picture of what the check `who_was_hit` found; the dashed line is the moment from which more requests go wrong."""
    counts, since = found.facts.get("by_time") or [], str(found.facts.get("since") or "")
    parts, routes = list(steps(counts, since, max(len(counts), 1))), list(found)[:_MOST]
    below = _TOP + _HIGH + 1.2

    def draw(axes: Axes) -> None:
        if parts:
            _bars(axes, parts, said_of(str(found.facts.get("what") or "")))
        for at, name in _COLUMNS if routes else ():
            axes.text(at, below + 0.5, name, ha="right", va="center", fontsize=8, color=MUTED)
        for line, hit in enumerate(routes, 1):
            axes.text(LEFT, below + line + 0.5, short(hit.route, 40), va="center")
            for (at, _), text in zip(_COLUMNS, _cells(hit), strict=True):
                axes.text(at, below + line + 0.5, text, ha="right", va="center", color=INK)

    lines = below + (len(routes) + 1.1 if routes else 0.0)
    words = "\n".join([found.summary, *(f"{hit.route}: {_words(hit)}" for hit in routes)])
    return drawn(found, lines if parts else 0, draw, words, empty="No request was logged.")


def _bars(axes: Axes, parts: list[Step], what: str) -> None:
    times, base = [at for at, *_ in parts], _TOP + _HIGH
    for_s = min(((b - a).total_seconds() for a, b in pairwise(times)), default=60.0)
    shares = [100 * wrong / max(requests, 1) for *_, requests, wrong in parts]
    top = top_of(max(shares))
    share_lines(axes, top, base, _HIGH)
    for (at, later, *_), share in zip(parts, shares, strict=True):
        left = place(at, times, for_s)
        width = (place(at, times, for_s, end=True) - left) * 0.85
        axes.bar(left + width / 2, -_HIGH * share / top, width, bottom=base, color=_SINCE if later else _BEFORE, linewidth=0)
    began = next((at for at, later, *_ in parts if later), None)
    if began is not None:
        x = place(began, times, for_s)
        axes.plot([x, x], [_TOP - 0.4, base], color=INK, linewidth=1, linestyle=(0, (3, 2)))
        axes.text(x, _TOP - 0.8, f"since {began:%H:%M:%S}", ha="right" if x > (LEFT + RIGHT) / 2 else "left", va="center", fontsize=8)
    axes.text(LEFT, 0.1, what, va="center", fontsize=8, color=MUTED)
    label_times(axes, times, for_s, base + 0.6)


def _cells(hit: Hit) -> tuple[str, ...]:
    times = (quantity(value, "ms") for value in (hit.p95_ms_before, hit.p95_ms))
    failed = (quantity(value, "%") for value in (hit.failed_pct_before, hit.failed_pct))
    return (*times, *failed, f"{hit.who_hit:,}" if hit.who_hit else "–")


def _words(hit: Hit) -> str:
    return ", ".join(f"{name} {text}" for (_, name), text in zip(_COLUMNS, _cells(hit), strict=True))
