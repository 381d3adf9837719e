"""The pictures of the PostgreSQL tour: the same in words, foreign text as text, and nothing green that nobody could tell."""

from typing import Any

import pytest

from helpers.postgres.checks.overview import Answer
from helpers.postgres.checks.session_activity import SessionsAt
from helpers.postgres.checks.statements_by_total_time import Statement
from helpers.postgres.plans.nodes import PlanNode
from helpers.postgres.statements import StatementText
from helpers.report.pictures.activity_plot import plot_activity
from helpers.report.pictures.canvas import STATUS
from helpers.report.pictures.health_plot import plot_health
from helpers.report.pictures.lock_plot import plot_locks
from helpers.report.pictures.plan_plot import plot_plan
from helpers.report.pictures.statements_plot import plot_statements
from helpers.results import CheckResult, Status

EVIL = "<script>$x$\x1b[31m"
PLOTS = [plot_activity, plot_health, plot_locks, plot_plan, plot_statements]


def lock(pid: int, *blocked_by: int) -> Any:
    return {"pid": pid, "blocked_by": list(blocked_by), "application_name": EVIL, "state": "active", "waiting_s": 3.0}


def node(depth: int, **changes: Any) -> PlanNode:
    facts = {"node": "Seq Scan", "relation": EVIL, "index": "", "estimated_rows": 1.0, "actual_rows": 500.0, "error": 500.0, "loops": 1.0}
    rest = {"removed_rows": 0.0, "self_ms": 2.0, "shared_blocks": 1.0, "temp_blocks": 0.0, "spill": ""}
    return PlanNode(depth=depth, **{**facts, **rest, **changes})


FULL = [
    (plot_activity, [SessionsAt(EVIL, "active", "Lock", "tuple", 3, 1.0), SessionsAt("", "idle", "Client", "ClientRead", 2, 1.0)]),
    (plot_health, [Answer("lock_tree", "t", Status.PROBLEM, EVIL, "", 1, 1.0), Answer("ok_one", "t", Status.OK, "fine", "", 0, 1.0)]),
    (plot_locks, [lock(1), lock(2, 1), lock(3, 2)]),
    (plot_plan, [node(0), node(1, actual_rows=None, error=None, self_ms=None, loops=None), node(1, spill="9 kB on disk")]),
    (plot_statements, [Statement(1, StatementText(EVIL, EVIL), 3, None, 9.0, 3.0, 1, 90.0, 5, 40.0, "given")]),
]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda p: p.__name__)
def test_what_nobody_could_tell_is_said_and_never_green(plot):
    """A dead database draws no empty, friendly picture."""
    picture = plot(CheckResult(Status.UNKNOWN, reason="it is gone", remedy="look at the server"))
    assert ("UNKNOWN: it is gone" in picture.svg, STATUS["OK"] in picture.svg, "look at the server" in repr(picture)) == (True, False, True)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda p: p.__name__)
def test_nothing_found_is_a_sentence(plot):
    """In the picture and in words."""
    picture = plot(CheckResult(Status.OK))
    assert ("<svg" in picture.svg, repr(picture).strip() != "", repr(picture).strip() in picture.svg) == (True, True, True)


@pytest.mark.parametrize(("plot", "rows"), FULL, ids=lambda p: getattr(p, "__name__", ""))
def test_foreign_text_stays_text(plot, rows):
    """No tag, no formula, no terminal escape; every row is in the words."""
    picture = plot(CheckResult(Status.PROBLEM, rows))
    assert ("<script>" in picture.svg, "\x1b" in picture.svg + repr(picture), len(repr(picture).splitlines()) >= len(rows)) == (
        False,
        False,
        True,
    )


def test_an_answer_that_is_only_partly_known_says_so_above_what_is():
    """A role that sees its own sessions only."""
    rows = [SessionsAt("mine", "active", "", "", 1, 1.0)]
    picture = plot_activity(CheckResult(Status.UNKNOWN, rows, reason="others are hidden"))
    assert ("others are hidden" in picture.svg, "mine" in picture.svg) == (True, True)


def test_a_deep_plan_and_many_checks_still_fit():
    """A hundred of each."""
    deep = plot_plan(CheckResult(Status.OK, [node(i % 30) for i in range(100)]))
    wide = plot_health(CheckResult(Status.OK, [Answer(f"check_{i}", "t", Status.OK, "x", "", 0, 1.0) for i in range(100)]))
    assert ("<svg" in deep.svg, "check 99" in wide.svg) == (True, True)
