"""thread_pool_exhausted and thread_use, judged: who has the threads, and what only looks like it."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from helpers.logs.checks.thread_pool_exhausted import Seen, judge, thread_pool_exhausted
from helpers.logs.checks.thread_use import ThreadUse, thread_use
from helpers.logs.connect import open_session
from helpers.results import CheckResult, Status
from helpers.settings import Profile

ROUTE = "GET /reports/{id}"
USE = {
    "lines": 5, "total": 40, "waiting_most": 12, "waiting_share": 0.8, "needed": 52,
    "by_route": {ROUTE: 0.95, "GET /small": 0.05}, "waiting_by_route": {ROUTE: 0.7, "GET /small": 0.3},
}  # fmt: skip
SLEEPS = ThreadUse("app/reports.py", 12, "report", "time.sleep(3)", "", 0.9, 38)
ASKS = ThreadUse("app/tax.py", 8, "valid", "client.get(url)", "httpx.Client.get", 0.9, 38)
QUEUES = ThreadUse("app/db.py", 8, "session", "engine.connect()", "sqlalchemy.pool.impl.QueuePool._do_get", 0.9, 38)
STALL = SimpleNamespace(code_file_path="app/x.py", code_line_number=3)
POOL = SimpleNamespace(pool="postgres", pool_max=15, pool_used_max=15)


def test_the_route_that_has_them_is_named_and_not_the_one_that_waits():
    """The victims are told beside it."""
    found = judge(Seen(USE, [SLEEPS]))
    assert (found.code, found.subject, found.fix, found.target) == ("thread_pool_exhausted", ROUTE, "thread_limit", {"threads": 70})
    assert "Waiting for a thread with them: GET /small." in found.because


def test_two_routes_that_fill_them_are_both_named():
    """In the order of their names."""
    found = judge(Seen({**USE, "by_route": {"GET /b": 0.5, "GET /a": 0.45, "GET /c": 0.05}}, [SLEEPS]))
    assert found.subject == "GET /a, GET /b"


def test_a_call_of_another_service_is_bounded_where_it_stands():
    """More threads would only wait for it, too."""
    found = judge(Seen(USE, [ASKS]))
    assert (found.code, found.fix, found.target) == ("thread_pool_exhausted", "bound_call", {"file": "app/tax.py", "line": 8})


@pytest.mark.parametrize(
    ("seen", "status", "code"),
    [
        (Seen({**USE, "waiting_share": 0.0, "waiting_most": 0}), Status.OK, None),
        (Seen(USE, [SLEEPS], blocked_share=0.4, stalls=[STALL]), Status.PROBLEM, "event_loop_blocked"),
        (Seen(USE, [QUEUES], pools=[POOL]), Status.PROBLEM, "pool_saturated"),
        (Seen(USE, [QUEUES]), Status.UNKNOWN, None),
        (Seen({**USE, "by_route": {}}, [SLEEPS]), Status.UNKNOWN, None),
        (Seen({**USE, "by_route": {f"GET /{n}": 0.1 for n in range(10)}}, [SLEEPS]), Status.UNKNOWN, None),
        (Seen(outside="only this one is slow", remedy="Add the middleware."), Status.UNKNOWN, None),
    ],
    ids=["free", "loop blocked", "behind a pool", "a pool not seen", "routes unknown", "many routes", "no lines"],
)
def test_what_only_looks_like_it(seen, status, code):
    """The neighbour is named where it is seen, and nothing where it is not."""
    found = judge(seen)
    assert (found.status, found.code) == (status, code)


async def test_answers_without_rows_are_answers():
    """An OK result is not a missing one."""
    use = CheckResult(Status.OK, [], facts={**USE, "waiting_share": 0.0, "waiting_most": 0, "needed": 3})
    found = await thread_pool_exhausted(None, thread_use=use)
    assert (found.status, found.summary) == (Status.OK, "Work found a thread: 3 of 40 were taken at most.")


async def test_thread_use_reads_what_was_logged(tmp_path):
    """Lines of two processes, one of an older version without looks."""
    at = [{"code_file_path": "app/reports.py", "code_line_number": 12, "code_function_name": "report", "callee": "", "n": 40}]
    threads = {"used": 40, "total": 40, "waiting": 3, "by_route": {ROUTE: 40}, "waiting_by_route": {ROUTE: 2, "GET /small": 1}, "at": at}
    lines = [
        {"pid": 1, "threads": threads, "looks": {"threads_waiting": [0, 3, 4, 3]}},
        {"pid": 2, "threads": {"used": 1, "total": 40, "waiting": 0}},
        {"pid": 3},
    ]
    stamp = datetime.now(UTC).isoformat()
    text = [json.dumps({"timestamp": stamp, "level": "info", "event": f"runtime {json.dumps(line)}"}) for line in lines]
    (tmp_path / "app.ndjson").write_text("\n".join(text) + "\n")
    logs = await open_session(Profile(name="p", logs=[str(tmp_path / "*.ndjson")]), application_name="test")
    found = await thread_use(logs)
    await logs.close()
    assert (found.status, found.facts["waiting_share"], found.facts["needed"], found.facts["by_route"]) == (
        Status.PROBLEM,
        0.75,
        44,
        {ROUTE: 1.0},
    )
    assert [(row.code_file_path, row.share, row.most) for row in found.rows] == [("app/reports.py", 1.0, 40)]
