"""When did it start, and what explains it: the moment requests went wrong, and the values of the dimensions ranked by how much they account for.

The moment: Pettitt's test on the share of wrong requests by time (Pettitt 1979, Applied Statistics 28), which assumes no distribution.
The ranking: of the wrong requests beyond what the rate before would have given, the share that a value has, less its share of the traffic:
a value that merely has most of the requests explains nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpers.logs.analyses import Entries, sql_of
from helpers.logs.moments import microseconds

__all__ = ["Onset", "Part", "onset", "pettitt", "ranked"]

FEWEST = 8  # buckets; with fewer, Pettitt's test cannot reach p < 0.05
P = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a dimension: its wrong requests before and after, and the share of the extra ones it accounts for, in per cent.

    `beyond_share` is that share less its share of the traffic, in points: the larger, the more it is about this value alone.
    """

    dimension: str
    value: str
    wrong_pct_before: float
    wrong_pct_after: float
    requests_after: int
    explains_pct: float
    beyond_share: float


@dataclass(frozen=True, slots=True)
class Onset:
    """When it got worse (None: it did not, or nobody can tell; see `why`), with the parts, the one that explains most first."""

    at: datetime | None
    wrong_pct_before: float
    wrong_pct_after: float
    p_value: float
    parts: Sequence[Part]
    why: str


def onset(logs: Entries, *, bucket_s: float = 60.0, slow_ms: float = 0.0, most: int = 10) -> Onset:
    """Return when requests began to go wrong, and what explains it.

    Args:
        logs: Open logs.
        bucket_s: Seconds of a bucket; the moment is as exact as that.
        slow_ms: A request slower than this went wrong too; 0: only failures (5xx) did.
        most: Parts returned, at most.

    """
    series = logs.rows(sql_of("onset_series"), {"bucket_s": bucket_s, "slow_ms": slow_ms})
    if len(series) < FEWEST:
        return Onset(
            None, 0.0, 0.0, 1.0, (), f"There are {len(series)} buckets of {bucket_s:g} s with requests; {FEWEST} are needed to tell."
        )
    place, p = pettitt([wrong / requests for _, requests, wrong in series])
    before, after = _pct(series[:place]), _pct(series[place:])
    if p >= P or after <= before:
        said = "no moment stands out" if p >= P else "it got better"
        return Onset(
            None, before, after, p, (), f"{before:.2f} % of the requests went wrong in the first part, {after:.2f} % later: {said}."
        )
    at = series[place][0]
    rows = logs.rows(sql_of("onset_parts"), {"at_us": microseconds(at), "slow_ms": slow_ms})
    why = f"From {at:%Y-%m-%d %H:%M:%S} UTC on, {after:.2f} % of the requests went wrong, {before:.2f} % before (p = {p:.2g})."
    totals = (sum(r for _, r, _ in series[:place]), sum(r for _, r, _ in series[place:]))
    return Onset(at, before, after, p, ranked(rows, totals, before)[:most], why)


def pettitt(values: Sequence[float]) -> tuple[int, float]:
    """Return where the values change, as the index of the first after it, and the approximate p-value; pure. Ties have their mean rank."""
    import pandas as pd

    n, best, place, total = len(values), 0.0, 0, 0.0
    for t, rank in enumerate(pd.Series(values, dtype=float).rank()[:-1], 1):
        total += float(rank)
        distance = abs(2 * total - t * (n + 1))
        if distance > best:
            best, place = distance, t
    return place, min(2 * math.exp(-6 * best**2 / (n**3 + n**2)), 1.0)


def ranked(rows: Sequence[tuple[Any, ...]], totals: tuple[int, int], before_pct: float) -> list[Part]:
    """Return the parts, the one that explains most beyond its share of the traffic first; pure.

    Args:
        rows: Of onset_parts.sql.
        totals: Requests before and after.
        before_pct: Per cent of all requests that went wrong before; a value that is new is expected to be like the others.

    """
    extra = [(row, row[5] - row[4] * (row[3] / row[2] if row[2] else before_pct / 100)) for row in rows]
    by_dimension: dict[str, float] = {}
    for row, more in extra:
        by_dimension[row[0]] = by_dimension.get(row[0], 0.0) + max(more, 0.0)
    parts = []
    for (dimension, value, n_before, wrong_before, n_after, wrong_after), more in extra:
        explains = 100 * max(more, 0.0) / by_dimension[dimension] if by_dimension[dimension] else 0.0
        traffic = 50 * (n_before / max(totals[0], 1) + n_after / max(totals[1], 1))
        before, after = 100 * wrong_before / max(n_before, 1), 100 * wrong_after / max(n_after, 1)
        parts.append(Part(dimension, value, round(before, 2), round(after, 2), n_after, round(explains, 1), round(explains - traffic, 1)))
    return sorted(parts, key=lambda part: (-part.beyond_share, part.dimension, part.value))


def _pct(series: Sequence[tuple[Any, ...]]) -> float:
    requests, wrong = (float(sum(row[column] for row in series)) for column in (1, 2))
    return 100.0 * wrong / max(requests, 1.0)
