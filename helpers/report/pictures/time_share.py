"""Which statement takes the time: horizontal bars, longest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.escaping import visible
from helpers.report.blocks import Bars
from helpers.report.numbers import quantity

__all__ = ["time_share"]

LABELS = ("query", "statement")
SHARES = ("time_share_pct", "share_pct", "time_pct", "total_time_pct", "share_of_time_pct")
TOTALS = ("total_exec_time_ms", "total_time_ms", "total_ms", "total_s", "active_samples", "samples")
MOST = 6
LEAST = 0.001  # of the longest; a shorter bar is not seen
WIDEST = 90  # characters of a statement beside its bar; the table has the rest


def time_share(rows: Sequence[Mapping[str, Any]]) -> Bars | None:
    """Return bars for rows that hold a statement and its share of the time (or its total), or None for other rows."""
    if len(rows) < 2:
        return None
    label = next((name for name in LABELS if name in rows[0]), None)
    value = next((name for name in (*SHARES, *TOTALS) if name in rows[0]), None)
    if label is None or value is None:
        return None
    found = sorted(((float(row[value]), str(row.get(label) or "")) for row in rows if _is_number(row.get(value))), reverse=True)[:MOST]
    longest = found[0][0] if found else 0.0
    if longest <= 0:
        return None
    found = [(size, text) for size, text in found if size / longest >= LEAST]
    unit = "%" if value.endswith("_pct") else value.rpartition("_")[2] if value.endswith(("_ms", "_s")) else ""
    whole = 100.0 if unit == "%" and longest <= 100 else longest
    bars = tuple((_short(text), round(100 * size / whole, 1), quantity(size, unit)) for size, text in found)
    return Bars(f"{value} by {label}, longest first.", bars)


def _short(text: str) -> str:
    text = visible(" ".join(text.split()))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
