"""Rejections by route and version, the fields that log lines name, and what contract_drift makes of them."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from helpers.git.checks.contract_changes import ContractChange
from helpers.logs.checks.contract_drift import Seen, judge
from helpers.logs.checks.rejected_inputs import RejectedInputs, compared, fields_in, rejected_inputs
from helpers.logs.connect import LogFiles
from helpers.logs.probes.live_rejections import LiveRejections
from helpers.results import Status
from helpers.settings import Profile

BEGAN = datetime(2026, 3, 3, 8, tzinfo=UTC)


def written(folder, *parts):
    """A log of (version, route, statuses) by turns, and extra lines."""
    lines, at = [], BEGAN
    for version, route, statuses in parts:
        for status in statuses:
            at += timedelta(seconds=1)
            lines.append({
                "event": "request", "timestamp": at.isoformat(), "level": "info", "http_request_method": "POST", "http_route": route,
                "http_response_status_code": status, "duration_ms": 3, "service_version": version,
            })  # fmt: skip
    error = [{"type": "missing", "loc": ["body", "lines", 0, "tax"], "msg": "Field required"}]
    lines.append({"event": f"rejected: {error}", "timestamp": at.isoformat(), "level": "warning"})
    (folder / "app.ndjson").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return LogFiles(Profile(name="test", logs=[str(folder / "app.ndjson")]))


async def test_a_route_that_rejects_since_a_version_is_found_and_the_field_the_log_names(tmp_path):
    """The one that always rejected some is not."""
    logs = written(
        tmp_path,
        ("v1", "/a", [201] * 20),
        ("v1", "/b", [201, 422] * 10),
        ("v2", "/a", [422] * 15 + [201] * 5),
        ("v2", "/b", [422, 201] * 10),
    )
    result = await rejected_inputs(logs, since="")
    row = result.rows[0]
    assert (result.status, len(result.rows), result.facts["fields"]) == (Status.PROBLEM, 1, {"body.lines.tax": 1})
    assert (row.route, row.version, row.rejected, row.version_before, row.rejected_before) == ("POST /a", "v2", 15, "v1", 0)


async def test_rejections_without_another_version_are_unknown_and_404_and_401_are_none(tmp_path):
    """A crawler and an expired token reject nothing."""
    alone = await rejected_inputs(written(tmp_path, ("v1", "/a", [422] * 20)), since="")
    others = await rejected_inputs(written(tmp_path, ("v1", "/a", [200] * 20), ("v2", "/a", [404, 401, 403, 429] * 9)), since="")
    assert (alone.status, others.status) == (Status.UNKNOWN, Status.OK)


async def test_rejections_of_live_traffic_are_failed_samples(tmp_path):
    """As live_rejections counts them: 400 and 422 only, of requests that end while it watches."""
    logs = written(tmp_path, ("v1", "/a", [201]))
    path = tmp_path / "app.ndjson"
    line = json.loads(path.read_text().splitlines()[0])
    watching = asyncio.ensure_future(LiveRejections("POST /a", window_s=0.5).measure({"logs": logs}))
    await asyncio.sleep(0.05)
    with path.open("a") as file:
        for status in (201, 422, 404, 400, 500):
            file.write(json.dumps({**line, "timestamp": datetime.now(UTC).isoformat(), "http_response_status_code": status}) + "\n")
    assert sorted(sample.error for sample in await watching) == ["", "", "", "HTTP 400", "HTTP 422"]


def test_clients_that_change_under_one_version_are_no_drift():
    """The share rises, and no version came."""
    assert compared([("POST", "/a", "v1", 100, 60, BEGAN, BEGAN, BEGAN)]) == []


def test_what_has_stopped_is_not_what_is_rejected_now():
    """An earlier drift was rolled back two minutes before the next began."""
    versions = [
        ("POST", "/a", f"v{n}", 100, 60 * (n == 2), BEGAN + timedelta(minutes=n), *[BEGAN + timedelta(minutes=n)] * 2) for n in (1, 2, 3)
    ]
    old = compared(versions)
    later = BEGAN + timedelta(minutes=5)
    new = [("POST", "/b", "v3", 50, 0, BEGAN, None, None), ("POST", "/b", "v4", 50, 20, later, later, later)]
    assert ([row.route for row in old], [row.route for row in compared([*versions, *new])]) == (["POST /a"], ["POST /b"])


def test_positions_are_no_part_of_a_field():
    """Whatever wrote the line: JSON, a Python repr; others' text is not taken for one."""
    lines = ['{"loc":["query","page"]}', "[{'loc': ('body', 'items', 3, 'sku')}]", "loc=()", "location: (here)", ""]
    assert fields_in(lines) == {"query.page": 1, "body.items.sku": 1}


REJECTED = RejectedInputs("POST /a", "v2", 100, 90, "v1", 200, 0, "2026-03-03T08:00:00Z", 1e-9)
PHONE = ContractChange("POST /a", "body.phone", "is new, and must be given", "", "New", "a/models.py", 7, required=True, certain=True)
LIMIT = replace(PHONE, field="body.name", change="is limited by max_length=5 now", required=True, certain=True)
SEEN = Seen(routes=[REJECTED], is_known=True, changes=[PHONE], versions={"before": "abc"})


def test_one_stricter_input_is_the_cause():
    """With what the patch needs."""
    found = judge(replace(SEEN, changes=[replace(PHONE, route="POST /a/")]))  # a slash at its end is no other route
    assert (found.code, found.subject, found.fix) == ("contract_drift", "body.phone", "relax_field")
    assert (found.target["file"], found.target["line"], found.target["before"]) == ("a/models.py", 7, "abc")


def test_of_several_the_rejections_decide_and_without_them_nobody_does():
    """A pattern may or may not reject."""
    several = replace(SEEN, changes=[PHONE, replace(LIMIT, certain=False)])
    assert (judge(several).code, judge(several).status) == (None, Status.UNKNOWN)
    assert judge(replace(several, named={"body.name": 80, "body.phone": 2})).subject == "body.name"


def test_without_code_a_named_field_is_the_cause_and_none_is_inconclusive():
    """It is not made up."""
    bare = replace(SEEN, changes=None)
    answered = {"answered": ["query.page"], "request": "POST /a"}
    assert [judge(replace(bare, **given)).subject for given in (answered, {"named": {"query.page": 70}})] == ["query.page"] * 2
    for given in ({}, {"named": {"query.page": 4}}, {**answered, "request": "POST /b"}):
        assert (judge(replace(bare, **given)).status, judge(replace(bare, **given)).subject) == (Status.UNKNOWN, "")


def test_nothing_rejected_more_is_sound_and_no_log_is_unknown():
    """Two different things."""
    assert (judge(replace(SEEN, routes=[])).status, judge(Seen()).status) == (Status.OK, Status.UNKNOWN)


def test_a_change_of_another_route_explains_nothing():
    """The handler itself rejects, or a middleware."""
    found = judge(replace(SEEN, changes=[replace(PHONE, route="GET /z")]))
    assert (found.status, "middleware" in found.summary) == (Status.UNKNOWN, True)
