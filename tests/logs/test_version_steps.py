"""Versions by route, and which became worse at a version rather than merely while it was there."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

from helpers.logs.checks.deployments import deployments
from helpers.logs.checks.version_steps import version_steps
from helpers.logs.connect import LogFiles
from helpers.logs.probes.live_worse import LiveWorse
from helpers.results import Status
from helpers.settings import Profile

BEGAN = datetime(2026, 3, 3, 8, tzinfo=UTC)


def written(folder, *parts):
    """A log of (version, route, median ms, status, how many) by turns, one request a second."""
    chance, lines, at = random.Random(7), [], BEGAN
    for version, route, ms, status, count in parts:
        for number in range(count):
            at += timedelta(seconds=1)
            lines.append({
                "event": "request", "timestamp": at.isoformat(), "level": "info", "http_request_method": "GET", "http_route": route,
                "http_response_status_code": status if number % 2 else 200, "duration_ms": ms * chance.uniform(0.8, 1.2), "service_version": version,
            })  # fmt: skip
    (folder / "app.ndjson").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return LogFiles(Profile(name="test", logs=[str(folder / "app.ndjson")]))


async def test_a_table_of_versions_and_routes(tmp_path):
    """In the order in which they came."""
    result = await deployments(written(tmp_path, ("v1", "/a", 10, 200, 20), ("v2", "/a", 10, 500, 20)), since="")
    assert [(row.version, row.route, row.requests, row.error_pct) for row in result.rows] == [
        ("v1", "GET /a", 20, 0.0),
        ("v2", "GET /a", 20, 50.0),
    ]
    assert result.facts["versions"] == ["v1", "v2"]


async def test_a_route_that_is_slower_from_the_versions_first_request_on(tmp_path):
    """The one that is not slower is named as alike."""
    parts = ("v1", "/a", 10, 200, 40), ("v1", "/b", 10, 200, 40), ("v2", "/a", 60, 200, 40), ("v2", "/b", 10, 200, 40)
    result = await version_steps(written(tmp_path, *parts), since="")
    assert [(row.route, row.version, row.kind, row.is_at_version) for row in result.rows] == [("GET /a", "v2", "latency", True)]
    assert result.facts["routes_alike"] == ["GET /b"]


async def test_what_is_slower_and_still_quick_is_felt_by_nobody(tmp_path):
    """3 ms have become 4: that is no cause of requests that take seconds. What fails, waits longer or was slow already is one."""
    parts = ("v1", "/a", 3, 200, 60), ("v1", "/b", 90, 200, 60), ("v1", "/c", 200, 200, 60), ("v1", "/d", 3, 200, 60)
    parts += ("v2", "/a", 4, 200, 60), ("v2", "/b", 150, 200, 60), ("v2", "/c", 300, 200, 60), ("v2", "/d", 3, 500, 60)
    log = written(tmp_path, *parts)
    everything, felt = await version_steps(log, since=""), await version_steps(log, since="", slow_ms=150.0)
    assert {row.route for row in everything.rows} == {"GET /a", "GET /b", "GET /c", "GET /d"}
    assert ({row.route for row in felt.rows}, felt.facts["unfelt"]) == ({"GET /b", "GET /c", "GET /d"}, ["GET /a"])
    alone = await version_steps(log, route="GET /a", since="", slow_ms=150.0)
    assert (alone.status, "hardly anybody waits 150 ms" in alone.summary) == (Status.OK, True)


async def test_a_route_that_fails_since_a_version(tmp_path):
    """By Fisher's exact test."""
    result = await version_steps(written(tmp_path, ("v1", "/a", 10, 200, 40), ("v2", "/a", 10, 500, 40)), since="")
    assert [(row.kind, row.when) for row in result.rows] == [("errors", "at the version")]


async def test_what_was_bad_before_and_what_became_bad_later_is_not_at_the_version(tmp_path):
    """A database that became slow some minutes before or after the deployment."""
    later = await version_steps(
        written(tmp_path, ("v1", "/a", 10, 200, 60), ("v2", "/a", 10, 200, 40), ("v2", "/a", 60, 200, 40)), since=""
    )
    before = await version_steps(
        written(tmp_path, ("v1", "/a", 10, 200, 60), ("v1", "/a", 60, 200, 40), ("v2", "/a", 60, 200, 60)), since=""
    )
    assert ([row.when for row in later.rows], [row.is_at_version for row in before.rows]) == (["after the version"], [False])


async def test_an_old_version_that_is_as_slow_at_the_same_minute_clears_the_new_one(tmp_path):
    """Both were served side by side when it began."""
    both = [(version, "/a", 60, 200, 1) for _ in range(30) for version in ("v2", "v1")]
    result = await version_steps(written(tmp_path, ("v1", "/a", 10, 200, 200), *both, ("v2", "/a", 60, 200, 100)), since="")
    assert not any(row.is_at_version for row in result.rows), result.rows


async def test_what_was_rolled_back_or_mended_is_over(tmp_path):
    """By the version before or by a later one; one as bad that follows, and a canary that is still served, are not."""
    bad, good = ("v2", "/a", 60, 200, 40), ("v1", "/a", 10, 200, 40)
    canary = [(version, "/a", ms, 200, count) for _ in range(15) for version, ms, count in (("v2", 60, 1), ("v1", 10, 12))]
    cases = [
        ((good, bad, good), Status.OK), ((good, bad, ("v3", "/a", 10, 200, 40)), Status.OK), ((good, bad, ("v3", "/a", 60, 200, 40)), Status.PROBLEM),
        ((good, bad, ("v1", "/a", 10, 200, 5)), Status.PROBLEM), ((good, *canary), Status.PROBLEM),
    ]  # fmt: skip
    assert [(await version_steps(written(tmp_path, *parts), since="")).status for parts, _ in cases] == [wanted for _, wanted in cases]


async def test_another_mix_of_routes_is_no_regression(tmp_path):
    """More of the slow ones."""
    parts = ("v1", "/a", 10, 200, 80), ("v1", "/b", 90, 200, 10), ("v2", "/a", 10, 200, 10), ("v2", "/b", 90, 200, 80)
    assert (await version_steps(written(tmp_path, *parts), since="")).status is Status.OK


async def test_one_version_or_none_is_unknown(tmp_path):
    """There is nothing to compare with."""
    alone = await version_steps(written(tmp_path, ("v1", "/a", 10, 500, 40)), since="")
    unnamed = await version_steps(written(tmp_path, ("", "/a", 10, 500, 40)), since="")
    assert (alone.status, unnamed.status) == (Status.UNKNOWN, Status.UNKNOWN)


async def test_failures_now_and_then_are_at_the_version_and_those_that_begin_later_are_not(tmp_path):
    """Sixteen requests a side, every second one fails; or all of the last ones."""
    few = await version_steps(written(tmp_path, ("v1", "/a", 10, 200, 16), ("v2", "/a", 10, 500, 16)), since="")
    late = await version_steps(written(tmp_path, ("v1", "/a", 10, 200, 40), ("v2", "/a", 10, 200, 40), ("v2", "/a", 10, 500, 40)), since="")
    assert ([row.when for row in few.rows], [row.when for row in late.rows]) == (["at the version"], ["after the version"])


async def test_live_traffic_that_fails_or_is_slow_is_counted(tmp_path):
    """One of each, and one that is neither."""
    logs = written(tmp_path, ("v1", "/a", 10, 200, 1))
    line = json.loads((tmp_path / "app.ndjson").read_text())
    watching = asyncio.ensure_future(LiveWorse("GET /a", window_s=0.5, slow_ms=100).measure({"logs": logs}))
    await asyncio.sleep(0.05)
    with (tmp_path / "app.ndjson").open("a") as file:
        for status, ms in ((200, 10), (500, 10), (200, 300)):
            now = datetime.now(UTC).isoformat()
            file.write(json.dumps({**line, "timestamp": now, "http_response_status_code": status, "duration_ms": ms}) + "\n")
    assert sorted(sample.error for sample in await watching) == ["", "HTTP 500", "slow"]
