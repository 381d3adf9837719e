"""What the sessions do: one bar per application, by what its sessions are at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.postgres.checks.session_activity import SessionsAt
from helpers.report.pictures.canvas import MUTED, drawn, short
from helpers.report.pictures.latency_plot import Picture
from helpers.results import CheckResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_activity"]

_KINDS = {
    "works": "#1a7f37",
    "waits for a lock": "#cf222e",
    "waits for the disk": "#bc4c00",
    "waits otherwise": "#8250df",
    "idle in transaction": "#d4a72c",
    "idle": "#c8d1da",
    "hidden": "#8c959f",
}
_MOST = 12
_LEFT, _RIGHT = 24.0, 94.0


def plot_activity(activity: CheckResult[SessionsAt]) -> Picture:
    """Return bars of what the check `session_activity` found, the application with the most sessions first."""
    bars: dict[str, dict[str, int]] = {}
    for row in activity:
        one = bars.setdefault(row.application_name or "(no application_name)", {})
        one[_kind(row)] = one.get(_kind(row), 0) + row.sessions
    shown = sorted(bars.items(), key=lambda bar: -sum(bar[1].values()))[:_MOST]
    used = [kind for kind in _KINDS if any(kind in one for _, one in shown)]
    longest = max((sum(one.values()) for _, one in shown), default=1)

    def draw(axes: Axes) -> None:
        for line, (name, one) in enumerate(shown, 1):
            axes.text(_LEFT - 1, line + 0.5, short(name, 26), ha="right", va="center")
            at = _LEFT
            for kind in used:
                width = (_RIGHT - _LEFT) * one.get(kind, 0) / longest
                axes.barh(line + 0.5, width, 0.62, left=at, color=_KINDS[kind])
                at += width
            axes.text(at + 0.7, line + 0.5, str(sum(one.values())), va="center", color=MUTED)
        for i, kind in enumerate(used):
            axes.barh(0.4, 1.4, 0.42, left=_LEFT + 15 * i, color=_KINDS[kind])
            axes.text(_LEFT + 15 * i + 2, 0.4, kind, va="center", fontsize=8)

    words = "\n".join(f"{name}: {', '.join(f'{n} {kind}' for kind, n in one.items())}" for name, one in shown)
    high = len(shown) + 1.1 if shown else 0
    return drawn(activity, high, draw, words, empty="No other client is connected.")


def _kind(row: SessionsAt) -> str:
    if row.state == "active":
        waits = {"": "works", "Lock": "waits for a lock", "LWLock": "waits otherwise", "IO": "waits for the disk"}
        return waits.get(row.wait_event_type, "waits otherwise")
    if row.state.startswith("idle in transaction"):
        return "idle in transaction"
    return "idle" if row.state else "hidden"
