"""Since when requests go wrong, in a report: the share that did, by time, parted where it changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from helpers.report.blocks import Bars
from helpers.report.numbers import quantity

__all__ = ["hit_bars", "said_of", "steps"]

MOST = 8
Step = tuple[datetime, bool, int, int]


def hit_bars(data: Mapping[str, Any]) -> Bars | None:
    """Return a bar for each of about eight steps of time of what `who_was_hit` counted, or None for another check's record, or where no moment stands out."""
    facts = data.get("facts") or {}
    counts = facts.get("by_time") if isinstance(facts, Mapping) else None
    if not counts or not facts.get("since"):
        return None
    merged = list(steps(counts, str(facts["since"]), MOST))
    shares = [100 * wrong / max(requests, 1) for *_, requests, wrong in merged]
    widest = max(shares) or 1.0
    times = _shown([at for at, *_ in merged])
    rows = tuple(
        (f"{time} {'since then' if later else 'before'}", round(100 * share / widest, 1), quantity(share, "%"))
        for time, (_, later, *_), share in zip(times, merged, shares, strict=True)
    )
    return Bars(f"{said_of(str(facts.get('what') or ''))}, from each moment (UTC) on.", rows)


def said_of(what: str) -> str:
    """Return which requests are counted, as the check's fact `what` has it."""
    slow = "" if what == "fail" else ", or took more than four times what is usual for their route"
    return f"Requests that failed{slow}"


def steps(counts: Sequence[Sequence[Any]], since: str, most: int) -> Iterator[Step]:
    """Yield when a step begins, whether it is since then, its requests and how many of them went wrong; no step has both sides.

    Args:
        counts: Moment, requests, wrong ones; in order of time.
        since: The moment from which more go wrong, as it stands in `counts`; empty: none.
        most: Steps that are wanted, about.

    """
    size = math.ceil(len(counts) / most)
    for later, side in groupby(counts, key=lambda row: bool(since) and str(row[0]) >= since):
        rows = list(side)
        of_side = math.ceil(len(rows) / max(1, round(len(rows) / size)))  # no stump of a step at its end
        for first in range(0, len(rows), of_side):
            part = rows[first : first + of_side]
            yield datetime.fromisoformat(part[0][0]), later, sum(row[1] for row in part), sum(row[2] for row in part)


def _shown(times: Sequence[datetime]) -> list[str]:
    days, exact = len({at.date() for at in times}) > 1, any(at.second for at in times)
    return [f"{at:{'%m-%d ' if days else ''}%H:%M{':%S' if exact else ''}}" for at in times]
