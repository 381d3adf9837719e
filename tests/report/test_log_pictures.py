"""The pictures of logs: the same in words, foreign text as text, nothing green that nobody could tell, and the moment where it is."""

from datetime import UTC, datetime, timedelta

import pytest

from helpers.logs.checks.errors_by_time import ErrorsAt
from helpers.logs.checks.latency_by_time import LatencyCell
from helpers.logs.checks.one_request import Span
from helpers.logs.checks.routes_by_time import STEPS, RouteLine
from helpers.logs.checks.who_was_hit import Hit
from helpers.report.pictures.canvas import STATUS
from helpers.report.pictures.error_timeline import plot_errors
from helpers.report.pictures.heat_map import plot_latencies
from helpers.report.pictures.hit_bars import hit_bars, steps
from helpers.report.pictures.hit_plot import plot_hit
from helpers.report.pictures.route_table import plot_routes
from helpers.report.pictures.time_axis import top_of
from helpers.report.pictures.waterfall import plot_request
from helpers.results import CheckResult, Status

EVIL = "<script>$x$\x1b[31m"
PLOTS = [plot_errors, plot_hit, plot_latencies, plot_request, plot_routes]
FIRST = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


def counts(before=30, since=10, *, wrong=9):
    """Rows of `by_time`: a minute each, 100 requests, of which so many go wrong in the later part."""
    times = [f"{FIRST + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(before + since)]
    return [[at, 100, wrong if n >= before else 1] for n, at in enumerate(times)]


FACTS = {"by_time": counts(), "since": "2026-03-03T08:30:00Z", "what": "fail or are slow"}
FULL = [
    (plot_errors, [ErrorsAt("2026-03-03T08:00:00Z", 60, 10, 1, 2, ""), ErrorsAt("2026-03-03T08:01:00Z", 60, 10, 0, 1, EVIL)], {}),
    (plot_hit, [Hit(EVIL, 9, None, 3.0, None, 9.0, 4), Hit("/b", 9, 0.0, None, 1.0, None, 0)], FACTS),
    (plot_latencies, [LatencyCell("2026-03-03T08:00:00Z", 60, 0.01, 0.016, 3)], {}),
    (plot_request, [Span(EVIL, 0.0, 9.0, EVIL, "ERROR", ""), Span("redis", None, None, EVIL, "", "")], {}),
    (plot_routes, [RouteLine(EVIL, 3, 1, None, None, None, [None] * STEPS), RouteLine("/b", 3, 0, 9.0, 1.0, 2.0, [2.0] * STEPS)], {}),
]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda p: p.__name__)
def test_what_nobody_could_tell_is_said_and_never_green(plot):
    """No logs draw no empty, friendly picture."""
    picture = plot(CheckResult(Status.UNKNOWN, reason="it is gone", remedy="look there"))
    assert ("UNKNOWN: it is gone" in picture.svg, STATUS["OK"] in picture.svg, "look there" in repr(picture)) == (True, False, True)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda p: p.__name__)
def test_nothing_found_is_a_sentence(plot):
    """In the picture and in words."""
    picture = plot(CheckResult(Status.OK))
    assert ("<svg" in picture.svg, repr(picture).strip() != "") == (True, True)


@pytest.mark.parametrize(("plot", "rows", "facts"), FULL, ids=lambda p: getattr(p, "__name__", ""))
def test_foreign_text_stays_text(plot, rows, facts):
    """No tag, no formula, no terminal escape; every row is in the words."""
    picture = plot(CheckResult(Status.PROBLEM, rows, "it is bad", facts=facts))
    assert ("<script>" in picture.svg, "\x1b" in picture.svg + repr(picture), len(repr(picture).splitlines()) >= len(rows)) == (
        False,
        False,
        True,
    )


def test_the_moment_is_marked_and_said():
    """A dashed line and its time; without a moment there is none."""
    marked, plain = (plot_hit(CheckResult(Status.OK, (), "said", facts={**FACTS, "since": since})) for since in (FACTS["since"], ""))
    assert ("since 08:30:00" in marked.svg, "since 08" in plain.svg, "said" in repr(marked)) == (True, False, True)


def test_no_step_has_both_sides_and_none_is_lost():
    """About twelve steps of forty minutes, parted at the moment."""
    merged = list(steps(counts(), FACTS["since"], 12))
    assert next(at for at, later, *_ in merged if later) == FIRST + timedelta(minutes=30)
    assert (len(merged) <= 13, sum(row[2] for row in merged), {(later, wrong * 100 // requests) for _, later, requests, wrong in merged}) == (
        True, 4000, {(False, 1), (True, 9)},
    )  # fmt: skip


def test_a_report_has_it_as_bars():
    """Labels, lengths and shares; only where there is a moment."""
    bars = hit_bars({"facts": FACTS})
    assert (bars.rows[0][0], bars.rows[-1][1:], "failed, or took" in bars.caption) == ("08:00 before", (100.0, "9\u202f%"), True)
    assert [hit_bars(data) for data in ({}, {"facts": {"by_time": counts()}}, {"facts": {"since": "x"}}, {"facts": None})] == [None] * 4


def test_one_moment_and_one_step_are_drawn():
    """An axis without length divides by nothing."""
    picture = plot_hit(CheckResult(Status.OK, (), "said", facts={"by_time": [["2026-03-03T08:00:00Z", 40, 0]], "since": ""}))
    assert ("08:00:00" in picture.svg, "nan" in picture.svg.lower()) == (True, False)


@pytest.mark.parametrize(("most", "top"), [(0.0, 1.0), (0.4, 1.0), (7.0, 10.0), (50.0, 50.0), (51.0, 100.0)])
def test_an_axis_of_shares_ends_at_a_round_number(most, top):
    """And one in a thousand does not fill it."""
    assert top_of(most) == top
