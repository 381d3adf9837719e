"""Who was hit: found in a log as an application writes it, with the moment and the route; silent where nothing changed."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from helpers.errors import BadAnswer
from helpers.logs.checks.who_was_hit import who_was_hit
from helpers.logs.connect import MOST_PACKED, open_session
from helpers.results import Status
from helpers.settings import Profile

NOW = datetime.now(UTC)
ROUTES = (("GET /orders", 80.0), ("GET /orders/{order_id}", 9.0), ("POST /login", 140.0), ("GET /health", 0.7))


def write(path, *, minutes=40, hit_for=0, slow=1.0, failing=0.0, always_failing=0.0, seed=1, only=None, per_s=1, **more):
    """A log up to now; in its last `hit_for` minutes, orders (of one region only, if given) are slower by a factor and fail."""
    choose, lines = random.Random(seed), []
    for number in range(round(minutes * 60 * per_s)):
        at = NOW - timedelta(minutes=minutes) + timedelta(seconds=number / per_s)
        route, typical = choose.choice(ROUTES)
        region = choose.choice(["fra1", "iad1", "sfo1"])
        hit = route == "GET /orders" and only in (None, region) and at >= NOW - timedelta(minutes=hit_for)
        took = typical * choose.lognormvariate(0, 0.5) * (slow if hit else 1.0)
        status = 500 if choose.random() < (failing if hit else always_failing) else 200
        entry = {"event": "request", "timestamp": at.isoformat(), "level": "info", "http_route": route.split()[1], "duration_ms": took,
                 "http_response_status_code": status, "tenant_id": f"t{choose.randrange(40)}", "cloud_region": region, **more}  # fmt: skip
        lines.append(json.dumps(entry))
    path.write_text("\n".join(lines) + "\n")


async def asked(path, **how):
    session = await open_session(Profile(name="p", logs=[str(path)]), application_name="x")
    return await who_was_hit(session, **how)


@pytest.mark.parametrize("how", [{"slow": 12.0}, {"failing": 0.6}, {"slow": 8.0, "failing": 0.3}], ids=str)
async def test_the_moment_and_the_route_are_found(tmp_path, how):
    """Fifteen of forty minutes: since then, one route of four."""
    write(tmp_path / "a.log", hit_for=15, **how)
    found = await asked(tmp_path / "a.log")
    since = datetime.fromisoformat(found.facts["since"])
    assert (found.status, found.rows[0].route, found.rows[0].who_hit > 20) == (Status.PROBLEM, "/orders", True), found.summary
    assert abs(since - (NOW - timedelta(minutes=15))) < timedelta(minutes=2)


async def test_what_was_always_slow_and_begins_to_fail(tmp_path):
    """As many go wrong as before, and yet it began."""
    lines = []
    for number in range(2400):
        at, slow = NOW - timedelta(seconds=2400 - number), number % 10 == 0
        status = 503 if slow and number >= 1500 else 200
        entry = {"event": "request", "timestamp": at.isoformat(), "level": "info", "http_route": "/a", "duration_ms": 400.0 if slow else 20.0,
                 "http_response_status_code": status}  # fmt: skip
        lines.append(json.dumps(entry))
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    found = await asked(tmp_path / "a.log")
    since = datetime.fromisoformat(found.facts["since"])
    assert (found.facts["what"], found.rows[0].failed_pct_before, found.facts["wrong_pct_before"]) == ("fail", 0.0, 0.0), found.summary
    assert abs(since - (NOW - timedelta(seconds=900))) < timedelta(minutes=1)


async def test_how_many_and_where_most(tmp_path):
    """One region of three has what went wrong; tenants are counted over all routes; one host for all stands out nowhere."""
    write(tmp_path / "a.log", hit_for=15, failing=0.9, only="fra1", host_name="web-1")
    found = await asked(tmp_path / "a.log")
    assert [(part["dimension"], part["value"], part["explains_pct"] > 90) for part in found.facts["parts"]] == [
        ("cloud_region", "fra1", True)
    ]
    assert ("of 40 tenants had such a request." in found.summary, "cloud_region fra1 has" in found.summary) == (True, True), found.summary


async def test_a_version_that_answers_everything_is_no_part(tmp_path):
    """It came when it got worse, and nothing else is there to compare it with: it is not named."""
    write(tmp_path / "a.log", hit_for=15, failing=0.9)
    lines = [json.loads(line) for line in (tmp_path / "a.log").read_text().splitlines()]
    late = (NOW - timedelta(minutes=16)).isoformat()
    text = (json.dumps({**line, "service_version": "2" if line["timestamp"] >= late else "1"}) for line in lines)
    (tmp_path / "a.log").write_text("\n".join(text) + "\n")
    found = await asked(tmp_path / "a.log")
    assert (found.facts["parts"], "service_version" in found.summary) == ([], False), found.summary


async def test_the_counts_by_time_are_all_requests(tmp_path):
    """In order, none twice; the picture is made from them."""
    write(tmp_path / "a.log", hit_for=15, slow=12.0)
    found = await asked(tmp_path / "a.log")
    counts = found.facts["by_time"]
    assert (counts == sorted(counts), sum(row[1] for row in counts), found.facts["since"] in [row[0] for row in counts]) == (
        True,
        2400,
        True,
    )


async def test_a_log_that_begins_later_is_no_whole_hour(tmp_path):
    """What it is about is said."""
    write(tmp_path / "a.log", minutes=20)
    assert "the 20 min that are logged of the last 60 min" in (await asked(tmp_path / "a.log")).summary


@pytest.mark.parametrize(("failing", "status"), [(0.0, Status.UNKNOWN), (0.5, Status.PROBLEM)])
async def test_a_few_seconds_have_no_before(tmp_path, failing, status):
    """Whether they are slow is not known; that they fail is."""
    write(tmp_path / "a.log", minutes=0.08, per_s=20, always_failing=failing)
    found = await asked(tmp_path / "a.log")
    assert (found.status, "too short a time" in found.summary + found.reason) == (status, True), found


async def test_old_logs_are_asked_about_by_their_time(tmp_path):
    """From a moment on, or all that there is."""
    write(tmp_path / "a.log", hit_for=15, slow=12.0)
    moment, everything = [await asked(tmp_path / "a.log", since=since) for since in (f"{NOW - timedelta(hours=90):%Y-%m-%dT%H:%M}", "")]
    assert (moment.rows == everything.rows, everything.facts["last_s"], len(everything.rows) > 0) == (True, None, True)


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_is_said_of_a_quiet_hour(tmp_path, seed):
    """Ordinary noise has no moment."""
    write(tmp_path / "a.log", seed=seed, always_failing=0.002)
    found = await asked(tmp_path / "a.log")
    assert (found.status, found.rows) == (Status.OK, ()), found.summary


async def test_what_fails_all_along_did_not_begin(tmp_path):
    """It is a problem, without a moment."""
    write(tmp_path / "a.log", always_failing=0.06)
    found = await asked(tmp_path / "a.log")
    assert (found.status, found.facts["since"], "no moment stands out" in found.summary) == (Status.PROBLEM, "", True), found.summary


async def test_too_little_is_not_known(tmp_path):
    """Old entries, or hardly any."""
    write(tmp_path / "a.log")
    found = await asked(tmp_path / "a.log", last_s=5.0)
    assert (found.status, "30 are needed" in found.reason) == (Status.UNKNOWN, True)


async def test_logs_on_another_engine_are_not_asked_in_passing(tmp_path):
    """It is no missing file, and is said so."""
    with pytest.raises(BadAnswer, match="lie on another engine") as said:
        await open_session(Profile(name="p", logs=["spark://head:7077", "s3a://logs/*.ndjson"]), application_name="x")
    assert "runbook logs summary" in said.value.remedy


async def test_what_cannot_be_read_is_said(tmp_path):
    """No file, no format, files long gone, archives too large to be read in passing."""
    with pytest.raises(BadAnswer, match="No log file matches"):
        await asked(tmp_path / "none*.log")
    (tmp_path / "odd.log").write_text("what is this\n" * 50)
    with pytest.raises(BadAnswer, match="no known log format"):
        await asked(tmp_path / "odd.log")
    import os

    write(tmp_path / "old.log")
    os.utime(tmp_path / "old.log", (1, 1))
    with pytest.raises(BadAnswer, match="No log file was written to"):
        await asked(tmp_path / "old.log")
    with (tmp_path / "large.gz").open("wb") as file:
        file.write(b"\x1f\x8b")
        file.truncate(MOST_PACKED + 1)
    with pytest.raises(BadAnswer, match="too much to be read in passing"):
        await asked(tmp_path / "large.gz")
