"""Who was hit, in words and by time: what the check `who_was_hit` says of the counts it read; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from helpers.escaping import visible
from helpers.logs.onset import Part, ranked

__all__ = ["by_time", "people", "reach", "standing_out", "where_most"]

MOST_OF_IT_PCT = 50.0  # of what went wrong beyond the usual: most of it
BEYOND_POINTS = 20.0  # more than its share of the requests since then: a version that answers all of them is no smaller part of anything
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86400.0


def by_time(series: Sequence[tuple[Any, ...]], column: int) -> list[list[Any]]:
    """Return moment, requests and requests that went wrong (by that column) of each row of hit_by_time.sql, as JSON has it."""
    return [[f"{row[0]:%Y-%m-%dT%H:%M:%SZ}", int(row[1]), int(row[column])] for row in series]


def reach(series: Sequence[tuple[Any, ...]], last_s: float) -> str:
    """Return which time the rows of hit_by_time.sql are about: what was asked (infinite: all), or less where the log begins later."""
    logged_s = (series[-1][0] - series[0][0]).total_seconds() if series else 0.0
    if last_s == math.inf:
        return f"the {_long(logged_s)} that are logged"
    return f"the last {_long(last_s)}" if logged_s >= 0.9 * last_s else f"the {_long(logged_s)} that are logged of the last {_long(last_s)}"


def _long(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:,.0f} s"
    if seconds <= 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:,.0f} min"
    return f"{seconds / _HOUR_S:,.0f} h" if seconds <= 2 * _DAY_S else f"{seconds / _DAY_S:,.0f} days"


def standing_out(rows: Sequence[tuple[Any, ...]]) -> list[Part]:
    """Return the tenants, versions, regions and hosts that have most of what went wrong, and not for having most requests.

    Args:
        rows: Of hit_by_part.sql.

    """
    whole = next((row for row in rows if not row[0]), None)
    if whole is None:
        return []
    _, _, before, wrong_before, after, *_ = whole
    parts = ranked([row[:6] for row in rows if row[0]], (before, after), 100 * wrong_before / max(before, 1))
    return [part for part in parts if part.explains_pct >= max(MOST_OF_IT_PCT, BEYOND_POINTS + 100 * part.requests_after / max(after, 1))]


def people(rows: Sequence[tuple[Any, ...]]) -> str:
    """Return how many tenants, or where none is logged how many clients, had a request that went wrong; empty when neither is logged."""
    for *_, tenants_hit, tenants, clients_hit, clients in (row for row in rows if not row[0]):
        for hit, there, name in ((tenants_hit, tenants, "tenants"), (clients_hit, clients, "client addresses")):
            if there:
                return f"{hit:,} of {there:,} {name} had such a request."
    return ""


def where_most(parts: Sequence[Part], requests: int) -> Iterator[str]:
    """Yield a sentence for the part of each dimension that stands out, of so many requests since then."""
    told = set[str]()
    for part in parts:
        if part.dimension not in told:
            told.add(part.dimension)
            yield (
                f"{part.dimension} {visible(part.value, limit=60)} has {part.explains_pct:.0f} % of what went wrong beyond the usual, "
                f"and {100 * part.requests_after / max(requests, 1):.0f} % of the requests."
            )
