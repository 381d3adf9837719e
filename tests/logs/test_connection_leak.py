"""connection_leak and connections_held, judged: whose connections are lost, and what only looks like it."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from helpers.logs.checks.connection_leak import Seen, connection_leak, judge
from helpers.logs.checks.connections_held import HeldConnections, connections_held
from helpers.logs.connect import open_session
from helpers.results import CheckResult, Status
from helpers.settings import Profile

ROUTE = "GET /invoices/{id}"
POOL = {
    "pool": "postgres", "size": 10, "full_share": 0.5, "waiting_share": 0.4, "waiting_most": 5, "kept_share": 0.9, "kept_most": 8,
    "kept_last": 8, "fell": False, "noted": True, "by_route": {ROUTE: 0.8, "GET /orders": 0.2},
}  # fmt: skip
KEPT = HeldConnections("postgres", ROUTE, "app/invoices.py", 30, 1, 8, 45_000)
PLACE = SimpleNamespace(file="app/invoices.py", line=29, call="pool.acquire", how="never given back", routes=[ROUTE], certain=True)
OTHER = SimpleNamespace(file="app/jobs.py", line=5, call="pool.acquire", how="never given back", routes=["POST /jobs"], certain=True)
UNNOTED = {**POOL, "noted": False, "by_route": {}}


def test_the_route_is_named_and_the_code_confirms_the_line():
    """The patch is for the line that the code shows."""
    found = judge(Seen(POOL, [KEPT], [OTHER, PLACE]))
    assert (found.code, found.subject, found.fix, found.target) == (
        "connection_leak",
        ROUTE,
        "release_connection",
        {"file": "app/invoices.py", "line": 29},
    )
    assert found.because[-1].startswith("The code agrees: pool.acquire at app/invoices.py:29 is never given back")


def test_without_code_the_line_that_took_it_is_the_target():
    """Where the process saw it."""
    assert judge(Seen(POOL, [KEPT])).target == {"file": "app/invoices.py", "line": 30}


def test_a_pool_that_does_not_note_is_judged_by_the_code():
    """Exactly one place loses connections, and one route comes to it."""
    found = judge(Seen(UNNOTED, [], [PLACE]))
    assert (found.code, found.subject) == ("connection_leak", ROUTE)


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (Seen({**POOL, "kept_most": 0, "kept_last": 0, "kept_share": 0.0}), Status.OK),  # a full pool alone
        (Seen({**POOL, "kept_most": 1, "kept_last": 0, "kept_share": 0.02}), Status.OK),  # one that was given back a moment late
        (Seen({**POOL, "fell": True}, [KEPT]), Status.UNKNOWN),  # tasks behind requests
        (Seen(UNNOTED, [], [PLACE, OTHER]), Status.UNKNOWN),
        (Seen(UNNOTED, [], None), Status.UNKNOWN),
        (Seen(POOL, [KEPT, HeldConnections("postgres", "GET /b", "b.py", 1, 1, 8, 9000)]), Status.UNKNOWN),
        (Seen(code=[PLACE], remedy="Add the middleware."), Status.UNKNOWN),
    ],
    ids=["full", "late", "come back", "two places", "no code", "two routes alike", "no lines"],
)
def test_what_only_looks_like_it(seen, status):
    """No route is made up."""
    found = judge(seen)
    assert (found.status, found.code) == (status, None)


def test_candidates_are_told_where_nobody_saw_the_pool():
    """With what would make it certain."""
    found = judge(Seen(code=[PLACE], remedy="Add the middleware."))
    assert "app/invoices.py:29 (pool.acquire, never given back)" in found.summary
    assert found.summary.endswith("Add the middleware.")


async def test_answers_without_rows_are_answers():
    """An OK result is not a missing one."""
    held = CheckResult(Status.OK, [], facts={**POOL, "kept_most": 0, "kept_last": 0, "kept_share": 0.0, "full_share": 0.0})
    found = await connection_leak(None, held=held)
    assert (found.status, found.summary) == (Status.OK, "Every connection of postgres in use is that of a request under way.")


async def held_in(tmp_path, lines):
    began = datetime.now(UTC) - timedelta(seconds=60)
    stamps = [(began + timedelta(seconds=number)).isoformat() for number in range(len(lines))]
    text = [
        json.dumps({"timestamp": at, "level": "info", "event": f"runtime {json.dumps(line)}"})
        for at, line in zip(stamps, lines, strict=True)
    ]
    (tmp_path / "app.ndjson").write_text("\n".join(text) + "\n")
    logs = await open_session(Profile(name="p", logs=[str(tmp_path / "*.ndjson")]), application_name="test")
    found = await connections_held(logs)
    await logs.close()
    return found


def line(counts, beyond, **more):
    state = {"used": 10, "idle": 0, "max": 10, "waiting": 2, **more}
    looks = {"used": [10] * len(counts), "waiting": [2] * len(counts), "kept": counts, "beyond": beyond}
    return {"pid": 1, "pools": {"postgres": state, "redis": {"used": 1, "max": 50, "waiting": -1}}, "looks": {"pools": {"postgres": looks}}}


async def test_it_reads_the_fullest_pool_and_who_kept_what(tmp_path):
    """Lines as the middleware writes them."""
    kept = [{"http_route": ROUTE, "code_file_path": "app/invoices.py", "code_line_number": 30, "n": 3, "oldest_ms": 9000}]
    found = await held_in(tmp_path, [line([1, 2], [0, 0]), line([2, 3], [0, 1], used_by_route={ROUTE: 3}, kept=kept)])
    assert (found.status, found.facts["pool"], found.facts["kept_last"], found.facts["noted"]) == (Status.PROBLEM, "postgres", 3, True)
    assert [(row.http_route, row.most, row.oldest_ms) for row in found.rows] == [(ROUTE, 3, 9000.0)]


@pytest.mark.parametrize(
    ("kept", "fell"), [([1, 2, 3, 3], False), ([1, 2, 1, 2, 3], False), ([3, 2, 1, 0], True), ([2, 1, 2, 1, 2, 1, 2], True)]
)
async def test_connections_that_come_back_are_told_from_those_that_do_not(tmp_path, kept, fell):
    """A leak only grows; one look may fall into a release."""
    found = await held_in(tmp_path, [line(kept, [0] * len(kept))])
    assert found.facts["fell"] is fell


async def test_an_application_without_pools_is_unknown(tmp_path):
    """With what to tell the middleware."""
    found = await held_in(tmp_path, [{"pid": 1, "pools": {}, "looks": {}}])
    assert (found.status, "pools=" in found.remedy) == (Status.UNKNOWN, True)
