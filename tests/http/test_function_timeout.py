"""function_timeout: the judgement apart from asking, the platform's codes, the probe."""

from types import SimpleNamespace

import pytest

from helpers.http.checks.function_timeout import Seen, judge
from helpers.http.checks.waited_for import BusyStatement, waited_for
from helpers.http.probes.platform_timeouts import PlatformTimeouts, timeout_code

ENDED = {"took_s": 5.0, "code": "FUNCTION_INVOCATION_TIMEOUT", "status": 504, "looked": True}
FAILED = {"took_s": 5.0, "code": "", "status": 500, "looked": True}
ANSWERED = {"took_s": 0.2, "code": "", "status": 200, "looked": True}


def wait(text="fetch", *, kind="call", bounded=False):
    """A wait of the route."""
    return SimpleNamespace(text=text, kind=kind, bounded=bounded, file="lib/a.ts", line=3, limit_s=5.0)


def statement(runs_s, waits="", query="select 1"):
    """A statement seen meanwhile."""
    return BusyStatement("web", runs_s, waits, query)


@pytest.mark.parametrize(
    ("facts", "statements", "waits", "is_failing", "wanted"),
    [
        (ENDED, [], [wait(), wait(bounded=True)], True, ("PROBLEM", "function_timeout")),
        (ENDED, [], [wait(kind="loop", text="!done")], True, ("PROBLEM", "function_timeout")),
        (ENDED, [], [wait(), wait("stripe.charges.create")], True, ("UNKNOWN", "")),
        (ENDED, [], [wait(bounded=True)], True, ("UNKNOWN", "")),
        (ENDED, [], None, True, ("UNKNOWN", "")),
        ({**ENDED, "looked": False}, [], [wait()], True, ("UNKNOWN", "")),
        (ENDED, [statement(4.9)], [wait()], True, ("UNKNOWN", "")),
        (ENDED, [statement(4.9, "Lock")], [wait()], True, ("PROBLEM", "lock_contention")),
        (ENDED, [statement(60.0, "Lock")], [wait()], True, ("PROBLEM", "function_timeout")),
        (FAILED, [statement(20.0, "Lock"), statement(16.0, "Lock")], [wait()], True, ("PROBLEM", "lock_contention")),
        (FAILED, [statement(20.0, "Lock"), statement(16.0, "Lock", "select 2")], [wait()], True, ("UNKNOWN", "")),
        (FAILED, [statement(20.0, "Lock"), statement(16.0, "Lock")], [wait()], False, ("OK", "")),
        (ANSWERED, [], [wait()], True, ("UNKNOWN", "")),
        (ANSWERED, [], [wait()], None, ("OK", "")),
    ],
)
def test_what_the_facts_add_up_to(facts, statements, waits, is_failing, wanted):
    """One wait without a bound and nothing else that ran as long; all else is another cause or not decided."""
    found = judge(Seen(True, facts, statements, "GET /api/a", waits, is_failing))
    assert (found.status, found.code or "") == wanted, found.summary


def test_nothing_asked_is_not_decided():
    """It says what to give."""
    assert "endpoint" in judge(Seen(asked=False)).summary


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-vercel-error": "FUNCTION_INVOCATION_TIMEOUT"}, "FUNCTION_INVOCATION_TIMEOUT"),
        ({"x-vercel-error": "MIDDLEWARE_INVOCATION_TIMEOUT"}, "MIDDLEWARE_INVOCATION_TIMEOUT"),
        ({"x-vercel-error": "FUNCTION_INVOCATION_FAILED"}, ""),
        ({}, ""),
    ],
)
def test_only_a_time_out_of_the_platform_is_one(headers, code):
    """A crash is another failure mode's."""
    assert timeout_code(headers) == code


def test_the_probe_is_named_by_its_endpoint():
    """And applies where one is given."""
    assert (PlatformTimeouts("GET /a").name, PlatformTimeouts("GET /a").applies, PlatformTimeouts("").applies) == (
        "time-outs of GET /a",
        True,
        False,
    )


async def test_without_an_endpoint_nothing_is_asked():
    """It is skipped."""
    assert (await waited_for(SimpleNamespace())).status == "SKIPPED"
