"""The comparison says improved, worse, no change, or that it does not know."""

import random

import pytest
from scipy import stats

from helpers.contracts import Sample
from helpers.errors import ParameterError
from helpers.statistics import Expectation, _proportion_interval, _ranks, compare, summarise


def samples(mean, n=60, spread=0.1, seed=1, errors=0):
    rng = random.Random(seed)
    return [Sample(mean * (1 + spread * rng.gauss(0, 1)), i, ok=i >= errors) for i in range(n)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (samples(400), samples(10, seed=2), "improved"),
        (samples(10), samples(400, seed=2), "worse"),
        (samples(100, spread=0.02), samples(101, spread=0.02, seed=2), "no_change"),
        (samples(100, spread=0.8, n=12), samples(85, spread=0.8, n=12, seed=2), "inconclusive"),
        (samples(100, n=5), samples(1, n=5), "inconclusive"),
        (samples(5, spread=0), [Sample(0.0, i) for i in range(30)], "improved"),
        ([Sample(0.0, i) for i in range(30)], [Sample(0.0, i) for i in range(30)], "no_change"),
        (samples(100), samples(10, seed=2, errors=30), "worse"),
    ],
)
def test_a_comparison_decides_by_its_interval(before, after, said):
    """Effect size with an interval, not two numbers."""
    assert compare(before, after).decision == said


def test_two_draws_of_the_same_system_are_seldom_called_a_change():
    """At most one in twenty pairs of equal samples is called improved or worse."""
    wrong = sum(compare(samples(100, seed=i), samples(100, seed=1000 + i)).decision in ("improved", "worse") for i in range(60))
    assert wrong <= 3


def test_an_expectation_is_judged_with_confidence():
    """Clearly above: no; clearly below: yes; few samples: unclear."""
    wanted = Expectation.parse("p95_ms < 150", "ms")
    judged = [wanted.judge(summarise(s))[0] for s in (samples(400), samples(10), samples(400, n=4))]
    assert judged == ["no", "yes", "unclear"]


@pytest.mark.parametrize("text", ["p95 < 150", "p95_s < 1", "fast", "p95_ms < fast"])
def test_an_expectation_that_cannot_be_judged_is_refused(text):
    """With what would be right."""
    with pytest.raises((ParameterError, ValueError)):
        Expectation.parse(text, "ms")


def test_a_quantile_interval_covers_the_truth():
    """Nominal 95 %: at least 90 of 100 intervals hold the true median."""
    covered = 0
    for seed in range(100):
        low, _, high = summarise(samples(100, seed=seed)).quantiles["p50"]
        covered += low <= 100 <= high
    assert covered >= 90


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [("max_count < 1", 1.0, "no"), ("max_count <= 1", 1.0, "yes"), ("max_count > 1", 1.0, "no"), ("max_count < 1", 0.0, "yes")],
)
def test_a_count_at_its_limit_is_decided(text, value, holds):
    """One difference is not fewer than one."""
    summary = summarise([Sample(value, i / 10) for i in range(10)])
    assert str(Expectation.parse(text, "count").judge(summary)[0]) == holds


@pytest.mark.parametrize("n", [1, 2, 7, 8, 20, 60, 199, 1000])
def test_the_intervals_are_those_of_the_library_that_is_slow_to_import(n):
    """Order statistics by the binomial's quantiles, shares by Wilson: as scipy.stats has them."""
    for q in (0.5, 0.9, 0.95, 0.99):
        wanted = max(int(stats.binom.ppf(0.025, n, q)) - 1, 0), min(int(stats.binom.ppf(0.975, n, q)), n - 1)
        assert _ranks(n, q) == wanted, q
    for k in {0, 1, n // 3, n - 1, n}:
        library = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert _proportion_interval(k, n) == pytest.approx((100 * library.low, 100 * k / n, 100 * library.high), abs=1e-9), k
