"""The tour of logs runs to its end: with foreign logs, with the sandbox's, with hostile lines, and when there is nothing to read."""

import json
import random
from datetime import UTC, datetime, timedelta

from helpers.logs.checks.errors_by_time import errors_by_time
from helpers.logs.checks.latency_by_time import latency_by_time
from helpers.logs.checks.one_request import one_request
from helpers.logs.checks.routes_by_time import routes_by_time
from helpers.logs.checks.where_lines_went import where_lines_went
from helpers.logs.connect import open_session
from helpers.results import Status
from helpers.settings import Profile

TOUR = "4_explore_api_logs"
PICTURES = ["latency", "errors", "routes", "hit", "request"]
FIRST = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> \x1b[31m $1 'x'"


def write(folder, count=600):
    """An application's log and its database's: one request in ten is slow; half-way, another version comes, and some requests fail."""
    choose, api, database = random.Random(1), [], []
    for number in range(count):
        at, slow, late = FIRST + timedelta(seconds=number), number % 10 == 0, number >= count // 2
        took = 400.0 + number / 10 if slow else 20.0 + choose.random()
        entry = {"event": HOSTILE, "timestamp": at.isoformat(), "level": "info", "http_request_method": "GET", "url_path": f"/a/{number}",
                 "http_response_status_code": 503 if late and slow else 404 if number % 50 == 1 else 200, "duration_ms": took,
                 "request_id": f"r{number}", "service_version": "v2" if late else "v1"}  # fmt: skip
        api.append(json.dumps(entry))
        statement = f"duration: {took / 2:.3f} ms  statement: select 1 /* request_id='r{number}' */"
        database.append(json.dumps({"timestamp": f"{at:%Y-%m-%d %H:%M:%S}.000 UTC", "pid": 7, "error_severity": "LOG", "message": statement,
                                    "backend_type": "client backend"}))  # fmt: skip
    (folder / "api.log").write_text("\n".join(api) + "\nTraceback (most recent call last):\n")
    (folder / "postgres.log").write_text("\n".join(database) + "\n")
    return str(folder / "*.log")


async def test_foreign_logs_are_shown(walk, tmp_path):
    """Five pictures; what is in the lines is text; the slowest request is followed into the database."""
    folder = tmp_path / "their 'logs' [x]"
    folder.mkdir()
    shown = await walk(TOUR, {"logs": write(folder).replace("[x]", "[[]x]")}, since="2026-03-03")
    drawn = [name for name, (mimes, _) in shown.items() if "image/svg+xml" in mimes]
    svg = shown["request"][1].split("</svg>")[0]
    assert (drawn, "<script>" in svg, "&lt;script" in shown["request-rows"][1], "\x1b" in str(shown)) == (PICTURES, False, True, False)
    assert all(word in shown["errors"][1] for word in ("v2", "5xx"))
    assert ("/a/{id}" in shown["routes"][1], "postgresql" in shown["request"][1], "r590" in shown["request-rows"][1]) == (True, True, True)
    assert ("1 rejected" in shown["files"][1], "Since 2026-03-03 08:05" in shown["hit-rows"][1]) == (True, True), shown["hit-rows"][1]


async def test_the_sandbox_logs_are_shown(walk, fresh_sandbox):
    """A real application under load."""
    async with fresh_sandbox(services=("postgres", "redis", "api"), load_rps=15) as sandbox:
        shown = await walk(TOUR, {"logs": sandbox.profile["logs"][0]})
    drawn = [name for name, (mimes, _) in shown.items() if "image/svg+xml" in mimes]
    assert (drawn, "OK" in shown["files"][1]) == (PICTURES, True)


async def test_nothing_to_read_is_not_green(walk, tmp_path):
    """Old logs, and none at all: every cell says UNKNOWN, none breaks."""
    for address in (write(tmp_path), str(tmp_path / "none.log")):
        shown = await walk(TOUR, {"logs": address}, since="1m")
        said = {name: "UNKNOWN" in text for name, (_, text) in shown.items() if name not in ("close", "files")}
        assert set(said.values()) == {True}, shown


async def test_what_the_checks_say_is_what_is_there(tmp_path):
    """Every request is in one cell, one bucket, one route; the version is marked where it came."""
    session = await open_session(Profile(name="p", logs=[write(tmp_path)]), application_name="x")
    cells, errors = await latency_by_time(session, since=""), await errors_by_time(session, since="")
    routes, lines = await routes_by_time(session, since=""), await where_lines_went(session, since="")
    assert (sum(c.requests for c in cells), sum(e.requests for e in errors), sum(r.requests for r in routes)) == (600, 600, 600)
    assert all(c.from_ms <= 20 < c.to_ms * 1.1 or c.from_ms > 200 for c in cells)
    assert [(e.at, e.new_version) for e in errors if e.new_version] == [("2026-03-03T08:05:00Z", "v2")]
    assert (sum(e.errors for e in errors), sum(e.client_errors for e in errors)) == (30, 12)
    assert (lines.status, sum(row.lines for row in lines), sum(row.rejected for row in lines)) == (Status.OK, 1201, 1)
    assert [len(r.p95_by_time) for r in routes] == [31]


async def test_one_request_is_followed(tmp_path):
    """By its id, or the slowest; the statement began when the request had gone half its way."""
    session = await open_session(Profile(name="p", logs=[write(tmp_path)]), application_name="x")
    found, slowest, none = [await one_request(session, request_id=one, since="") for one in ("r7", "", "r7000")]
    assert ([s.system for s in found], found.rows[0].offset_ms, slowest.facts["request_id"]) == (["api", "postgresql"], 0.0, "r590")
    assert abs((found.rows[1].offset_ms or 0) - (found.rows[0].duration_ms or 0) / 2) < 0.01
    assert none.status is Status.UNKNOWN
