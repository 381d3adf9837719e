"""Whether a route became worse at exactly one version, and not merely while it was there.

Each route is compared with itself, so that another mix of routes is no regression. It became worse at the version when the version is worse
than the one before from its first requests on, and the one before was not yet as bad at its end, nor while both were served. What serves
no more, and was followed by something that is no worse, is over.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from helpers.contracts import Sample
from helpers.logs.onset import P, pettitt
from helpers.logs.versions import OnRoute
from helpers.statistics import CONFIDENCE, EQUIVALENCE, FEWEST, Comparison, Decision, compare, more_fail

__all__ = ["AT_VERSION", "Step", "is_felt", "steps_of"]

AT_VERSION, BEFORE_IT, AFTER_IT, BOTH = "at the version", "before the version", "after the version", "both versions alike"
TOLERANCE = 0.2  # of the fewer samples: how far a change point may lie from the version's first request and still be at it


@dataclass(frozen=True, slots=True)
class Step:
    """One route that is worse in `now` than in `was`; `when` is AT_VERSION or says when instead, `kind` is errors or latency."""

    was: OnRoute
    now: OnRoute
    kind: str
    when: str
    comparison: Comparison


def steps_of(found: Sequence[OnRoute]) -> tuple[list[Step], list[OnRoute]]:
    """Return routes that became worse from a version to the next, and those of which it cannot be told; pure.

    Args:
        found: Of versions_of: by route, each route's oldest version first.

    Source: A. N. Pettitt, Applied Statistics 28 (1979); helpers/statistics.py.
    """
    steps, open_ = [], []
    for route in dict.fromkeys(one.route for one in found):
        known = [one for one in found if one.route == route and one.version]
        for was, now in itertools.pairwise(known):
            if min(len(was.samples), len(now.samples)) < FEWEST:
                open_.append(now)
                continue
            step = _step(was, now)
            if step is not None and not _is_over(was, now, known):
                steps.append(step)
    return steps, open_


def _step(was: OnRoute, now: OnRoute) -> Step | None:
    before, after = was.samples[-_EACH:], now.samples[:_EACH]
    if not _may_be_worse(before, after) and not _may_be_worse(before, now.samples[-_EACH:]):
        return None
    told = compare(before, after)
    later = compare(before, now.samples[-_EACH:])
    if told.decision is not Decision.WORSE and later.decision is not Decision.WORSE:
        return None
    worse = told if told.decision is Decision.WORSE else later
    return Step(was, now, _kind(worse), _when(was, now, _kind(worse)), worse)


def _may_be_worse(before: Sequence[Sample], after: Sequence[Sample]) -> bool:
    """Whether it is worth a comparison, which takes some 50 ms: what it asks for beside an interval, and the interval's middle, are quick to tell."""
    from scipy.stats import mannwhitneyu

    if sum(not one.ok for one in after) > sum(not one.ok for one in before):
        return True
    was, now = [one.value for one in before], [one.value for one in after]
    return median(now) > median(was) * (1 + EQUIVALENCE) and float(mannwhitneyu(was, now).pvalue) < 1 - CONFIDENCE


def is_felt(step: Step, slow_ms: float) -> bool:
    """Whether users feel the step: more requests of the route fail or take longer than `slow_ms`, or most take longer; pure."""
    before, first, last = (
        (sum(not one.ok or one.value > slow_ms for one in part), len(part))
        for part in (step.was.samples[-_EACH:], step.now.samples[:_EACH], step.now.samples[-_EACH:])
    )
    return more_fail(before, first) or more_fail(before, last) or (step.now.p50_ms or 0.0) > slow_ms


def _kind(worse: Comparison) -> str:
    return "errors" if "fail" in worse.why else "latency"


_EACH = 200
_SILENT = 10  # times its mean gap between requests, and seconds: by chance that happens once in 20,000 (e^-10)


def _is_over(was: OnRoute, now: OnRoute, known: Sequence[OnRoute]) -> bool:
    """Whether `now` serves no more, and what came after it is no worse than `was` had been."""
    end_s = now.samples[-1].at_s
    last = max(known, key=lambda one: one.samples[-1].at_s)
    silent_s, gap_s = last.samples[-1].at_s - end_s, (now.last_at - now.first_at).total_seconds() / now.requests
    if last is now or silent_s < max(_SILENT, _SILENT * gap_s):
        return False
    since = [sample for sample in last.samples if sample.at_s > end_s][-_EACH:]
    before = [sample for sample in was.samples if sample.at_s < now.samples[0].at_s][-_EACH:]
    return min(len(since), len(before)) >= FEWEST and compare(before, since).decision is not Decision.WORSE


def _when(was: OnRoute, now: OnRoute, kind: str) -> str:
    """Return where the change lies, by the order of the requests of both."""
    beside = [sample for sample in was.samples if sample.at_s >= now.samples[0].at_s]
    if len(beside) >= FEWEST:
        alike = compare(beside, [sample for sample in now.samples if sample.at_s <= beside[-1].at_s])
        if alike.decision is not Decision.WORSE:
            return BOTH
    before = [sample for sample in was.samples if sample.at_s < now.samples[0].at_s][-_EACH:]
    after = now.samples[:_EACH]
    if len(before) < FEWEST:
        return AT_VERSION if len(beside) >= FEWEST else BEFORE_IT
    place, p = pettitt([_value(sample, kind) for sample in (*before, *after)])
    off, most = place - len(before), max(TOLERANCE * min(len(before), len(after)), 3)
    if p < P and off < -most:
        return BEFORE_IT
    if kind == "errors":
        return AFTER_IT if _began_late(after) else AT_VERSION
    return AT_VERSION if p < P and off <= most else AFTER_IT


def _began_late(samples: Sequence[Sample]) -> bool:
    """Whether so many succeeded before the first failure that they did not fail at the same rate: (1 - rate) to the power of how many, below P."""
    first = next((number for number, sample in enumerate(samples) if not sample.ok), len(samples))
    later = samples[first:]
    return not later or (1 - sum(not sample.ok for sample in later) / len(later)) ** first < P


def _value(sample: Sample, kind: str) -> float:
    return sample.value if kind == "latency" else float(not sample.ok)
