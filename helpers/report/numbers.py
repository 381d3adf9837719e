"""Numbers, durations and times for people: rounded to what matters, thin spaces, UTC."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

__all__ = ["between", "clock", "day", "duration", "interval", "moment", "number", "quantity", "ratio", "when"]

THIN = "\u202f"  # narrow no-break space, the thin space that keeps a number in one line
_MINUTE_S = 60
_BINARY = 1024.0


def number(value: float) -> str:
    """Return a number with three or four digits that matter, and thin spaces between thousands."""
    size = abs(value)
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}".replace(",", THIN)
    digits = 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(",", THIN) if float(text.replace(",", "")) else f"{value:.2g}"


def quantity(value: Any, unit: str) -> str:
    """Return a number with its unit (`ms`, `s`, `%`, `bytes`, `count`); a dash when there is none, or nothing was measured."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    if unit == "bytes":
        return _bytes(float(value))
    if unit == "ms" and abs(value) >= 10_000:
        return quantity(value / 1000, "s")
    if unit in ("", "count"):
        return number(value)
    return f"{number(value)}{THIN}{'%' if unit == 'pct' else unit}"


def ratio(value: float | None) -> str:
    """Return after ÷ before in words for people: `0.027 ×, about 37 times lower`."""
    if value is None:
        return "–"
    shown = f"{number(float(f'{value:.3g}'))}{THIN}×"
    if 0 < value <= 0.8:
        return f"{shown}, about {number(float(f'{1 / value:.2g}'))} times lower" if value <= 0.67 else f"{shown}, lower"
    return f"{shown}, about {number(float(f'{value:.2g}'))} times higher" if value >= 1.5 else shown


def _bytes(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < _BINARY:
            return f"{number(round(value, 1))}{THIN}{unit}"
        value /= _BINARY
    return f"{number(round(value, 1))}{THIN}TiB"


def interval(pair: Any, unit: str) -> str:
    """Return `1 180 – 1 310 ms`, or an empty text when there is no interval."""
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(v, int | float) for v in pair):
        return ""
    low, high = quantity(pair[0], unit), quantity(pair[1], unit)
    suffix = f"{THIN}{unit}"
    return f"{low.removesuffix(suffix) if low.endswith(suffix) and high.endswith(suffix) else low} – {high}"


def duration(seconds: float | None) -> str:
    """Return a duration: `12.7 ms`, `4.2 s`, `3 min 5 s`, `2 h 4 min`; a dash when it is not known."""
    if seconds is None:
        return "–"
    if 0 < seconds < 1:
        return quantity(round(seconds * 1000, 1 if seconds < 0.02 else 0), "ms")
    if seconds < _MINUTE_S:
        return f"{number(round(seconds, 1 if seconds < 10 else 0))}{THIN}s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    if minutes < _MINUTE_S:
        return f"{minutes}{THIN}min {rest}{THIN}s" if rest else f"{minutes}{THIN}min"
    return f"{minutes // _MINUTE_S}{THIN}h {minutes % _MINUTE_S}{THIN}min"


def when(text: str | None) -> datetime | None:
    """Return an ISO time as UTC, or None when there is none or it is not a time."""
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time.astimezone(UTC) if time and time.tzinfo else time


def moment(text: str | None) -> str:
    """Return `2026-07-03 03:12:09 UTC`; a text that is no time is returned as it is."""
    time = when(text)
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else (text or "–")


def clock(text: str | None) -> str:
    """Return the time of day, `03:12:09`."""
    time = when(text)
    return f"{time:%H:%M:%S}" if time else (text or "–")


def day(text: str | None) -> str:
    """Return the date, `2026-07-03`."""
    time = when(text)
    return f"{time:%Y-%m-%d}" if time else "–"


def between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from one ISO time to another, or None."""
    a, b = when(start), when(end)
    return (b - a).total_seconds() if a and b else None
