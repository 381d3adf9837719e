"""Verification is statistics, not two numbers: percentiles with intervals, and a comparison that can say "inconclusive".

Percentile interval: order statistics, binomial (Hahn & Meeker, Statistical Intervals, §5.2): no distribution assumed.
Effect: ratio of medians after ÷ before, bootstrap percentile interval (Efron & Tibshirani 1993, §13), seeded, together with the
two-sided Mann-Whitney U test. Decision by the interval against a band of practical equivalence (±10 %).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from statistics import NormalDist
from typing import Any

from helpers.contracts import Sample
from helpers.errors import ParameterError

__all__ = ["Comparison", "Decision", "Expectation", "Holds", "Summary", "compare", "more_fail", "quantity", "summarise"]

CONFIDENCE = 0.95
EQUIVALENCE = 0.10  # a median that moves by less than this is "no change" to a user
FEWEST = 8  # below this Mann-Whitney cannot reach p < 0.05 with any useful power
RESAMPLES = 4000
_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


class Decision(StrEnum):
    """What two sets of samples say about a change."""

    IMPROVED = "improved"
    NO_CHANGE = "no_change"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


class Holds(StrEnum):
    """Whether an expectation holds: `unclear` when the interval straddles the limit."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of one set of samples in the probe's unit; `quantiles` maps `p95` to (low, point, high)."""

    n: int
    errors: int
    mean: float
    maximum: float
    quantiles: dict[str, tuple[float, float, float]]

    @property
    def error_pct(self) -> float:
        """Share of failed samples, in per cent."""
        return 100.0 * self.errors / self.n if self.n else 0.0

    def to_json(self, metric: str) -> dict[str, Any]:
        """Return flat JSON with the unit in each name: `p95_ms`, `p95_ms_ci`, `n`, `error_pct`."""
        out: dict[str, Any] = {"n": self.n, "errors": self.errors, "error_pct": round(self.error_pct, 2)}
        out |= {f"mean_{metric}": round(self.mean, 3), f"max_{metric}": round(self.maximum, 3)}
        for name, (low, point, high) in self.quantiles.items():
            out |= {f"{name}_{metric}": round(point, 3), f"{name}_{metric}_ci": [round(low, 3), round(high, 3)]}
        return out


def summarise(samples: Sequence[Sample]) -> Summary:
    """Return the statistics of `samples`; a failed sample counts with its value (its time-out), none vanish."""
    import numpy as np

    values = np.sort(np.array([s.value for s in samples], dtype=float))
    n = len(values)
    if n == 0:
        return Summary(0, 0, float("nan"), float("nan"), {})
    quantiles = {name: _quantile_interval(values, q) for name, q in _QUANTILES.items()}
    return Summary(n, sum(not s.ok for s in samples), float(values.mean()), float(values[-1]), quantiles)


def _quantile_interval(ordered: Any, q: float) -> tuple[float, float, float]:
    """Return (low, point, high): order statistics whose binomial coverage is at least CONFIDENCE where n allows."""
    import numpy as np

    low, high = _ranks(len(ordered), q)
    return float(ordered[low]), float(np.quantile(ordered, q)), float(ordered[high])


@cache
def _ranks(n: int, q: float) -> tuple[int, int]:
    """Return the ranks, from 0, between which the quantile lies: the binomial's own quantiles, of `n` trials with chance `q`."""
    import numpy as np
    from scipy.special import bdtr  # scipy.stats has them ready, and takes a second to import

    below = bdtr(np.arange(n + 1, dtype=float), n, q)
    tail = (1 - CONFIDENCE) / 2
    return max(int(np.searchsorted(below, tail)) - 1, 0), min(int(np.searchsorted(below, 1 - tail)), n - 1)


@dataclass(frozen=True, slots=True)
class Expectation:
    """A stated expectation such as `p95_ms < 150` or `error_pct < 1`."""

    statistic: str
    operator: str
    limit: float
    unit: str

    @classmethod
    def parse(cls, text: str, metric: str) -> Expectation:
        """Return the expectation in `text`, checked against the probe's unit `metric`.

        Raises:
            ParameterError: not of the form `STATISTIC < NUMBER`, or a statistic the probe does not have.

        """
        match = re.fullmatch(r"\s*(\w+)\s*(<=|<|>=|>)\s*([-+\d.eE]+)\s*", text)
        known = [f"{s}_{metric}" for s in (*_QUANTILES, "mean", "max")] + ["error_pct"]
        if match is None or match[1] not in known:
            raise ParameterError(
                f"The expectation {text!r} cannot be judged.",
                remedy=f"Write for example `{known[2]} < 150`; known: {', '.join(known)}.",
            )
        statistic = match[1].removesuffix(f"_{metric}")
        return cls(statistic, match[2], float(match[3]), "%" if match[1] == "error_pct" else metric)

    def judge(self, summary: Summary) -> tuple[Holds, float]:
        """Return whether it holds for `summary` with 95 % confidence, and the point value judged."""
        low, point, high = self._interval(summary)
        if summary.n < FEWEST:
            return Holds.UNCLEAR, point
        below = self.operator in ("<", "<=")
        nearest = low if below else high
        beyond = nearest > self.limit if below else nearest < self.limit
        if beyond or (nearest == self.limit and self.operator in ("<", ">")):  # a count of 1 is not below 1
            return Holds.NO, point
        inside = point < self.limit if below else point > self.limit
        equal = point == self.limit and self.operator in ("<=", ">=")
        return (Holds.YES if inside or equal else Holds.UNCLEAR), point

    def _interval(self, summary: Summary) -> tuple[float, float, float]:
        if self.statistic == "error_pct":
            return _proportion_interval(summary.errors, summary.n)
        if self.statistic in summary.quantiles:
            return summary.quantiles[self.statistic]
        point = summary.mean if self.statistic == "mean" else summary.maximum
        return point, point, point

    def __str__(self) -> str:
        name = "error_pct" if self.unit == "%" else f"{self.statistic}_{self.unit}"
        return f"{name} {self.operator} {self.limit:g}"


def _proportion_interval(k: int, n: int) -> tuple[float, float, float]:
    """Return a Wilson interval in per cent (Wilson 1927)."""
    if not n:
        return 0.0, 0.0, 100.0
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre, width = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return 100 * max(centre - width, 0.0), 100 * k / n, 100 * min(centre + width, 1.0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """After against before: `ratio` of medians with its interval, `difference` of medians, p-value, decision."""

    decision: Decision
    ratio: float
    ratio_ci: tuple[float, float]
    difference: float
    p_value: float
    n_before: int
    n_after: int
    why: str

    METHOD = (
        "Ratio of medians with a 95 % bootstrap percentile interval (4,000 seeded resamples) and the two-sided Mann-Whitney U test. "
        "Improved or worse: the whole interval lies beyond ±10 % and p < 0.05; no change: the whole interval lies within ±10 %; "
        "otherwise inconclusive. Percentile intervals are order statistics (binomial, 95 %). Failed calls count with their time-out."
    )


_WORDS = {"": "", "count": "", "pct": " %", "per_s": " a second"}


def quantity(value: float, unit: str = "") -> str:
    """Return a number for a sentence: three significant digits below 1,000, whole above, never an exponent; with its unit, if given."""
    return _number(value) + _WORDS.get(unit, f" {unit}")


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 2 if value == 0 else max(2 - math.floor(math.log10(abs(value))), 0) if math.isfinite(value) else 0
    return f"{value:.{min(digits, 6)}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def compare(before: Sequence[Sample], after: Sequence[Sample]) -> Comparison:
    """Return what `after` says against `before`, lower being better; see the module's text for the method."""
    import numpy as np
    from scipy.stats import mannwhitneyu

    b = np.array([s.value for s in before], dtype=float)
    a = np.array([s.value for s in after], dtype=float)
    if min(len(a), len(b)) < FEWEST:
        return Comparison(
            Decision.INCONCLUSIVE,
            float("nan"),
            (0.0, float("inf")),
            float("nan"),
            1.0,
            len(b),
            len(a),
            f"fewer than {FEWEST} samples",
        )
    rng = np.random.default_rng(len(a) * 1009 + len(b))
    medians_b = np.median(rng.choice(b, (RESAMPLES, len(b))), axis=1)
    medians_a = np.median(rng.choice(a, (RESAMPLES, len(a))), axis=1)
    low, high = (float(x) for x in np.quantile(_ratio(medians_a, medians_b), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    p = float(mannwhitneyu(b, a, alternative="two-sided").pvalue) if (b.std() or a.std() or b[0] != a[0]) else 1.0
    ratio = float(_ratio(np.median(a), np.median(b)))
    decision, why = _decide(low, high, p, _error_share(before), _error_share(after))
    return Comparison(decision, ratio, (low, high), float(np.median(a) - np.median(b)), p, len(b), len(a), why)


def _ratio(after: Any, before: Any) -> Any:
    """After ÷ before where zero against zero is 1 and anything against zero is a large, finite number."""
    import numpy as np

    tiny = 1e-9
    return np.where((np.abs(after) < tiny) & (np.abs(before) < tiny), 1.0, np.divide(after, np.maximum(before, tiny)))


def _error_share(samples: Sequence[Sample]) -> tuple[int, int]:
    return sum(not s.ok for s in samples), len(samples)


def more_fail(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Return whether more calls fail after than before, each (failed, all), by Fisher's exact test."""
    from scipy.stats import fisher_exact

    (k_b, n_b), (k_a, n_a) = before, after
    return k_a > k_b and float(fisher_exact([[k_a, n_a - k_a], [k_b, n_b - k_b]]).pvalue) < 1 - CONFIDENCE


def _decide(low: float, high: float, p: float, before: tuple[int, int], after: tuple[int, int]) -> tuple[Decision, str]:
    (k_b, n_b), (k_a, n_a) = before, after
    if more_fail(before, after):
        return Decision.WORSE, f"more calls fail: {k_b} of {n_b} before, {k_a} of {n_a} after (Fisher's exact test)"
    interval = f"the ratio of medians lies in {quantity(low)} … {quantity(high)}"
    if high < 1 - EQUIVALENCE and p < 1 - CONFIDENCE:
        return Decision.IMPROVED, f"{interval}, wholly below {1 - EQUIVALENCE:.2f}"
    if low > 1 + EQUIVALENCE and p < 1 - CONFIDENCE:
        return Decision.WORSE, f"{interval}, wholly above {1 + EQUIVALENCE:.2f}"
    if low >= 1 - EQUIVALENCE and high <= 1 + EQUIVALENCE:
        return Decision.NO_CHANGE, f"{interval}, within ±10 %"
    return Decision.INCONCLUSIVE, f"{interval}, which does not decide"
