"""Latency before and after: every call a dot, p50 and p95 marked, the expected limit a dashed line; one axis for both."""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.contracts import Sample
from helpers.report.blocks import Strip, StripRow
from helpers.report.detail import Detail
from helpers.report.measurements import Measured
from helpers.report.numbers import interval, quantity

__all__ = ["latency_strip"]

_LIMIT = re.compile(r"\s*(\w+)\s*(<=|<|>=|>)\s*([-+\d.eE]+)\s*")


def latency_strip(before: Measured | None, after: Measured | None, expectation: str, detail: Detail) -> Strip | None:
    """Return the picture of the samples, or None when there are none to draw."""
    sets = [(name, m) for name, m in (("before", before), ("after", after)) if m is not None and m.samples]
    if not sets:
        return None
    unit = sets[0][1].metric
    limit = _limit(expectation, unit)
    rows = tuple(_row(kind, kind if after else "measured", m, detail.dots) for kind, m in sets)
    words = [f"{row.name}: {row.n} samples, p50 {quantity(row.p50, unit)}, {_p95_words(row, unit)}" for row in rows]
    if limit is not None:
        words.append(f"expected: {expectation}")
    return Strip(
        title=f"{sets[0][1].probe}: {' and '.join(row.name for row in rows)}",
        description="; ".join(words) + ".",
        unit=unit,
        rows=rows,
        limit=limit,
        limit_text=f"expected {expectation}" if limit is not None else "",
    )


def _limit(expectation: str, unit: str) -> float | None:
    """The limit, if it stands on the same axis as the samples."""
    match = _LIMIT.fullmatch(expectation)
    if match is None or not match[1].endswith(f"_{unit}"):
        return None
    try:
        return float(match[3])
    except ValueError:
        return None


def _row(kind: str, name: str, m: Measured, dots: int) -> StripRow:
    s = m.summary
    ci = s.get(f"p95_{m.metric}_ci")
    return StripRow(
        kind=kind,
        name=name,
        points=_thinned(m.samples, dots),
        n=len(m.samples),
        p50=s.get(f"p50_{m.metric}"),
        p95=s.get(f"p95_{m.metric}"),
        p95_ci=(float(ci[0]), float(ci[1])) if ci and interval(ci, "") else None,
    )


def _thinned(samples: Sequence[Sample], dots: int) -> tuple[tuple[float, bool], ...]:
    """Every sample when they are few; otherwise evenly by value, the two ends and every failed call included."""
    points = sorted((s.value, s.ok) for s in samples)
    if len(points) <= dots:
        return tuple(points)
    failed = [p for p in points if not p[1]][:dots]
    step = (len(points) - 1) / (dots - 1)
    return tuple(sorted({*failed, *(points[round(i * step)] for i in range(dots))}))


def _p95_words(row: StripRow, unit: str) -> str:
    spread = interval(row.p95_ci, unit)
    return f"p95 {quantity(row.p95, unit)}" + (f" (95 % interval {spread})" if spread else "")
