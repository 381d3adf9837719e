"""lost_work: what a log says failed after its answer, and what that adds up to with the code."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from helpers.errors import ParameterError
from helpers.git.checks.floating_promises import FloatingPromise
from helpers.logs.checks.detached_failures import DetachedFailure, detached_failures, plain
from helpers.logs.checks.lost_work import Seen, judge, lost_work
from helpers.logs.connect import LogFiles, open_session
from helpers.logs.probes.failures_after_answers import FailuresAfterAnswers
from helpers.results import CheckResult, Status
from helpers.settings import Profile

FAILURE = DetachedFailure("error: …", 3, "10:00", "10:01")
PROMISE = FloatingPromise("POST /api/a", "app/api/a/route.ts", 4, "call", "mail")
OTHER = FloatingPromise("POST /api/b", "app/api/b/route.ts", 2, "call", "mail")


@pytest.mark.parametrize(
    ("failures", "promises", "is_failing", "status"),
    [
        ([FAILURE], [PROMISE], True, "PROBLEM"),
        ([FAILURE], [PROMISE, OTHER], True, "UNKNOWN"),
        ([FAILURE], [], True, "UNKNOWN"),
        ([FAILURE], None, True, "UNKNOWN"),
        ([], [PROMISE], True, "UNKNOWN"),
        ([], [PROMISE], False, "OK"),
        (None, [PROMISE], None, "UNKNOWN"),
    ],
)
def test_what_the_facts_add_up_to(failures, promises, is_failing, status):
    """One promise that could have been left, and something that failed."""
    found = judge(Seen(failures, promises, {"failures": 3}, is_failing))
    assert found.status == status, found.summary
    assert (found.subject == "POST /api/a: mail at app/api/a/route.ts:4") == (status == "PROBLEM")


@pytest.mark.parametrize(
    ("route", "subject"),
    [("", ""), ("POST /api/a", "POST /api/a: mail at app/api/a/route.ts:4"), ("/api/b", "POST /api/b: mail at app/api/b/route.ts:2")],
)
async def test_only_routes_that_were_answered_count(route, subject):
    """And of those the one that is given."""
    failures = CheckResult(Status.PROBLEM, [FAILURE], "", facts={"failures": 3, "answered": {"POST /api/a": 5, "POST /api/b": 1}})
    unasked = FloatingPromise("POST /api/c", "c.ts", 1, "call", "mail")
    promises = CheckResult(Status.OK, [PROMISE, OTHER, unasked], "")
    found = await lost_work(SimpleNamespace(), route=route, failures=failures, promises=promises)
    assert (found.subject or "") == subject, found.summary


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('⨯ unhandledRejection: error: invalid input: "1188.81"\n    at x', "error: invalid input: …"),
        ("Task exception was never retrieved", "Task exception was never retrieved"),
        ("", ""),
    ],
)
def test_an_error_is_its_words(body, said):
    """Without the values in it."""
    assert plain(body) == said


@pytest.fixture
async def logs(tmp_path) -> LogFiles:
    """A log with two failures and three answers."""
    now = datetime.now(UTC)

    def entry(second, **given):
        stamp = int((now - timedelta(seconds=60) + timedelta(seconds=second)).timestamp() * 1000)
        return {"id": str(second), "timestamp": stamp, "deploymentId": "d", "projectId": "p", "source": "lambda", "level": "info", **given}

    asked = {"message": "", "statusCode": 201, "proxy": {"method": "POST", "path": "/api/a", "statusCode": 201}}
    failed = {"message": '⨯ unhandledRejection: error: bad "1"', "level": "error"}
    lines = [entry(1, **asked), entry(2, **failed), entry(3, **asked), entry(4, **failed), entry(5, **{**asked, "statusCode": 500})]
    (tmp_path / "drain.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return await open_session(Profile(name="t", logs=[str(tmp_path / "drain.ndjson")]), application_name="test")


async def test_failures_are_counted_by_their_words(logs):
    """Beside the routes that were answered well; none is no finding."""
    found = await detached_failures(logs)
    assert (found.status, [(row.error, row.count) for row in found.rows], found.facts["answered"]) == (
        "PROBLEM",
        [("error: bad …", 2)],
        {"POST /api/a": 2},
    )


async def test_the_probe_counts_live_failures_in_slices(logs):
    """What is older than its window is not its."""
    taken = await FailuresAfterAnswers(window_s=0.4).measure({"logs": SimpleNamespace(ask=_rows([(0.01,), (0.39,), (0.39,)]))})
    assert ([sample.value for sample in taken], "nobody waits" in FailuresAfterAnswers().name) == ([1, 0, 0, 0, 0, 0, 0, 2], True)
    with pytest.raises(ParameterError):
        FailuresAfterAnswers(window_s=0)


def _rows(rows):
    async def ask(*_args, **_kwargs):
        return rows

    return ask
