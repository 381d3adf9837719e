"""What the log suggests, and to whom."""

import pytest

from helpers.runner.catalogue import find_runbook
from helpers.triage.leads import Leads

SEEN = Leads(failing=("GET /broken", "GET /torn"), slow="GET /slow", asked=True)


@pytest.mark.parametrize(
    ("runbook", "given"),
    [
        ("function_crash", [{"endpoint": "GET /broken"}, {"endpoint": "GET /torn"}]),
        ("empty_errors", [{"endpoint": "GET /broken"}, {"endpoint": "GET /torn"}]),
        ("missing_index", [{}]),  # it can watch live traffic
        ("stale_route", [{}]),  # a request that fails is not one that answers old data
        ("hot_key", [{}]),
    ],
)
def test_who_needs_a_failing_request_is_offered_one(runbook, given):
    """Whoever can watch live traffic is offered none."""
    assert SEEN.of(find_runbook(runbook)) == (given, "")


def test_a_log_in_which_nothing_fails_speaks_against_a_crash():
    """It need not be asked then; without a log nothing follows."""
    assert Leads(asked=True).of(find_runbook("function_crash")) == ([{}], "No GET failed in the last 5m, as the log says.")
    assert Leads().of(find_runbook("function_crash")) == ([{}], "")


def test_whom_the_log_gives_a_failing_request_is_not_vague():
    """It is walked first; a slow request is none that fails."""
    vague = [name for name in ("function_crash", "deploy_regression", "missing_index", "hot_key") if SEEN.is_vague(find_runbook(name))]
    assert (vague, Leads(asked=True).is_vague(find_runbook("function_crash"))) == (["deploy_regression", "missing_index", "hot_key"], True)


def test_who_has_to_be_told_a_request_is_told_those_that_take_most_time():
    """One after the other; whoever has to be told more than that is told nothing."""
    info = find_runbook("n_plus_one")
    seen = Leads(slowest=("GET /orders", "GET /me"))
    assert seen.told(info, ["endpoint"]) == [{"endpoint": "GET /orders"}, {"endpoint": "GET /me"}]
    slow_first = Leads(slow="GET /me", slowest=("GET /orders", "GET /me"), kept=("GET /prices",))
    assert slow_first.told(info, ["endpoint"]) == [{"endpoint": "GET /me"}, {"endpoint": "GET /orders"}]
    assert (seen.told(info, ["endpoint", "truth"]), seen.told(info, []), Leads().told(info, ["endpoint"])) == ([], [], [])


def test_who_compares_two_users_is_told_first_what_a_cache_answers():
    """Only that can be another's; there is no end of routes, but one of tries."""
    many = Leads(slow="GET /slow", slowest=tuple(f"GET /{n}" for n in range(20)), kept=("GET /me", "GET /slow"))
    told = [way["endpoint"] for way in many.told(find_runbook("shared_cache_leak"), ["endpoint"])]
    assert told == ["GET /me", "GET /slow", *(f"GET /{n}" for n in range(6))]
