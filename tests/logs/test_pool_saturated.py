"""pool_saturated, judged: whose work fills the pool, what only looks like it, and how large it may be."""

from types import SimpleNamespace

import pytest

from helpers.logs.checks.pool_saturated import Seen, judge, pool_saturated
from helpers.logs.pool_room import pool_target
from helpers.results import CheckResult, Diagnosis, Status

ROUTE = "GET /reports"
POOL = {
    "lines": 5, "processes": 2, "pool": "postgres", "size": 10, "used_mean": 18.0, "full_share": 0.9, "waiting_share": 0.8, "waiting_most": 6,
    "kept_share": 0.0, "kept_most": 0, "kept_last": 0, "fell": False, "noted": True, "by_route": {ROUTE: 0.9, "GET /orders": 0.1},
}  # fmt: skip
TOP = SimpleNamespace(query="select … from sales", share_pct=95.0, mean_ms=600.0, total_ms=170_000.0)
SLEEPS = SimpleNamespace(
    http_route=ROUTE,
    code_file_path="app/x.py",
    code_line_number=7,
    code_text="await sleep(1)",
    callee="asyncio.sleep",
    peer="",
    stack="",
    seen=30,
)
ASKS = SimpleNamespace(**{**vars(SLEEPS), "callee": "httpx.AsyncClient.send", "peer": "pay.example:443"})
QUEUES = SimpleNamespace(**{**vars(SLEEPS), "callee": "asyncpg.pool.PoolAcquireContext.__aenter__", "seen": 900})
STALL = SimpleNamespace(code_file_path="app/x.py", code_line_number=3)
LOOP = SimpleNamespace(file="app/x.py", line=9, routes=[ROUTE])
MISSING = Diagnosis(Status.PROBLEM, "missing_index", "sales(day)", "sales is scanned.")
LOCKED = Diagnosis(Status.PROBLEM, "lock_contention", "pid 7", "Behind a lock.")
SLOW = {"statements": [TOP], "busy": 17.0}


def test_the_route_that_holds_them_is_named_with_the_statement():
    """Little's law: the statements keep as many busy as are in use."""
    found = judge(Seen(POOL, **SLOW))
    assert (found.code, found.subject, found.fix, found.against) == ("pool_saturated", ROUTE, "pool_size", [])
    assert found.because[-1] == "Statements keep 17.0 of them busy; 95 % of that time is one: select … from sales (600 ms a call)."


def test_connections_that_are_asked_nothing_are_told_with_the_line_that_waits():
    """Those that queue for one are a consequence."""
    found = judge(Seen(POOL, waits=[QUEUES, SLEEPS], statements=[TOP], busy=0.2))
    assert (found.code, found.subject, found.because[-1].endswith("They wait at app/x.py:7: `await sleep(1)`.")) == (
        "pool_saturated",
        ROUTE,
        True,
    )
    assert found.against == ["A larger pool is room only: give the connection back where nothing is asked of it."]


@pytest.mark.parametrize(
    ("seen", "status", "code"),
    [
        (Seen({**POOL, "waiting_share": 0.01}), Status.OK, None),
        (Seen({**POOL, "waiting_share": 0.0, "waiting_most": -1, "full_share": 0.0}), Status.OK, None),
        (Seen({**POOL, "kept_last": 9, "kept_most": 9}, **SLOW), Status.PROBLEM, "connection_leak"),
        (Seen(POOL, stalls=[STALL], blocked_share=0.3, **SLOW), Status.PROBLEM, "event_loop_blocked"),
        (Seen(POOL, waits=[QUEUES, ASKS], statements=[TOP], busy=0.5), Status.PROBLEM, "slow_upstream"),
        (Seen(POOL, plan=MISSING, **SLOW), Status.PROBLEM, "missing_index"),
        (Seen(POOL, plan=LOCKED, **SLOW), Status.PROBLEM, "lock_contention"),
        (Seen(POOL, plan=MISSING, statements=[TOP], busy=0.5), Status.PROBLEM, "pool_saturated"),
        (Seen(POOL, loops=[LOOP], **SLOW), Status.PROBLEM, "n_plus_one"),
        (Seen({**POOL, "by_route": {}, "noted": False}, **SLOW), Status.UNKNOWN, None),
        (Seen(remedy="Add the middleware."), Status.UNKNOWN, None),
    ],
    ids=[
        "room",
        "not told, room",
        "lost",
        "loop",
        "another service",
        "index",
        "lock",
        "an index that is not it",
        "n+1",
        "not noted",
        "no lines",
    ],
)
def test_what_holds_connections_for_a_reason_of_its_own(seen, status, code):
    """It is named where it is seen."""
    found = judge(seen)
    assert (found.status, found.code) == (status, code)


async def test_answers_without_rows_are_answers():
    """An OK result is not a missing one; a refused one says nothing of statements."""
    held = CheckResult(Status.OK, [], facts={**POOL, "waiting_share": 0.0})
    assert (await pool_saturated(None, held=held)).status is Status.OK
    refused = CheckResult(Status.UNKNOWN, reason="No privilege.")
    found = await pool_saturated(None, held=CheckResult(Status.OK, [], facts=POOL), statements=refused)
    assert (found.code, found.facts["statements_busy"]) == ("pool_saturated", None)


def groups(**sessions):
    return [SimpleNamespace(application_name=name, sessions=n) for name, n in sessions.items()]


@pytest.mark.parametrize(
    ("usage", "usable", "name", "size"),
    [
        (groups(shop=20, other=10), 97, "", 20),  # what it needs: (10 + 6) × 1.25
        (groups(shop=20, other=60), 97, "shop", 14),  # what is left: (97 - 60) × 0.8 ÷ 2
        (groups(shop=20, other=80), 97, "shop", 6),  # no room at all: smaller than it is
        ([], 0, "", 20),  # the server was not asked
    ],
)
def test_the_size_is_what_is_needed_as_far_as_there_is_room(usage, usable, name, size):
    """For each process."""
    target, said = pool_target(POOL, usage, usable, name)
    assert (target, bool(said)) == ({"size": size, "current": 10}, True)
