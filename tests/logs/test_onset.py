"""When it started and what explains it, against a plain count; and no moment where there is none."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from helpers.logs.analyses import analyse
from helpers.logs.engine import Logs
from helpers.logs.moments import microseconds
from helpers.logs.onset import onset, pettitt, ranked

START = datetime(2026, 3, 3, 8, tzinfo=UTC)
BROKE = START + timedelta(minutes=23)


def made(seed, wrong):
    """An hour of requests; `wrong(entry, at)` is the chance that one fails."""
    choose, out = random.Random(seed), []
    for number in range(6000):
        at = START + timedelta(seconds=choose.uniform(0, 3600))
        entry = {
            "event": "request", "timestamp": at.isoformat(), "http_route": choose.choices(["/orders/{id}", "/health", "/cart"], [2, 6, 2])[0],
            "service_name": "shop", "service_version": "v1" if at < START + timedelta(minutes=40) else "v2", "region": choose.choice(["fra1", "iad1"]),
            "tenant": f"t{choose.randint(1, 40)}", "duration_ms": choose.uniform(5, 30), "url_path": f"/x/{number}",
        }  # fmt: skip
        entry["status"] = 500 if choose.random() < wrong(entry, at) else 200
        entry["duration_ms"] *= 20 if choose.random() < wrong(entry, at) else 1
        out.append(entry)
    choose.shuffle(out)
    return out


@pytest.fixture
def logs(tmp_path):
    opened = []

    def open_(entries):
        path = tmp_path / f"{len(opened)}.ndjson"
        path.write_text("".join(json.dumps(e) + "\n" for e in entries))
        opened.append(Logs.open([path]))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def one_route(entry, at):
    return 0.4 if at >= BROKE and entry["http_route"] == "/orders/{id}" else 0.01


def one_version(entry, at):
    return 0.3 if entry["service_version"] == "v2" else 0.01


def one_tenant(entry, at):
    return 0.9 if at >= BROKE and entry["tenant"] == "t7" else 0.005


@pytest.mark.parametrize(
    ("wrong", "at", "dimension", "value"),
    [
        (one_route, BROKE, "http_route", "/orders/{id}"),
        (one_version, START + timedelta(minutes=40), "service_version", "v2"),
        (one_tenant, BROKE, "tenant_id", "t7"),
    ],
)
@pytest.mark.parametrize("slow_ms", [0.0, 100.0], ids=["failing", "slow"])
def test_the_moment_and_what_explains_it(logs, wrong, at, dimension, value, slow_ms):
    """To the bucket, or the one beside it; the value that it is about comes first."""
    found = onset(logs(made(3, wrong)), slow_ms=slow_ms)
    first = found.parts[0]
    assert found.at is not None, found.why
    assert abs(found.at.replace(tzinfo=UTC) - at) <= timedelta(minutes=2), found.why
    assert (first.dimension, first.value, first.wrong_pct_after > 5 * first.wrong_pct_before) == (dimension, value, True), found.parts[:3]


@pytest.mark.parametrize("seed", range(6))
def test_no_moment_is_made_up(logs, seed):
    """A rate that is always the same, or that sinks."""
    entries = made(seed, lambda entry, at: 0.02)
    better = made(seed, lambda entry, at: 0.01 if at >= BROKE else 0.3)
    found = [onset(logs(some)) for some in (entries, better, entries[:5])]
    assert [(f.at, f.parts) for f in found[1:]] == [(None, ()), (None, ())]
    assert found[0].at is None or found[0].p_value > 0.001


def test_onset_series(logs):
    """By minute, as a plain count has it."""
    entries, plain = made(5, one_route), Counter()
    for e in entries:
        minute = datetime.fromisoformat(e["timestamp"]).replace(second=0, microsecond=0, tzinfo=None)
        plain[minute, "requests"] += 1
        plain[minute, "wrong"] += e["status"] >= 500 or e["duration_ms"] > 100
    rows = list(analyse(logs(entries), "onset_series", bucket_s=60.0, slow_ms=100.0).itertuples())
    assert (len(rows), [(r.requests, r.wrong) for r in rows]) == (60, [(plain[r.at, "requests"], plain[r.at, "wrong"]) for r in rows])


def test_onset_parts(logs):
    """By value, before and after, as a plain count has it."""
    entries = made(5, one_route)
    parts = analyse(logs(entries), "onset_parts", at_us=microseconds(BROKE), slow_ms=0.0)
    names = {
        "http_route": "http_route",
        "tenant_id": "tenant",
        "cloud_region": "region",
        "service_version": "service_version",
        "service_name": "service_name",
        "http_response_status_code": "status",
    }
    assert set(parts.dimension) == set(names)
    for row in parts.itertuples():
        mine = [e for e in entries if str(e[names[row.dimension]]) == row.value]
        later = [e for e in mine if datetime.fromisoformat(e["timestamp"]) >= BROKE]
        counted = (len(mine) - len(later), len(later), sum(e["status"] >= 500 for e in later))
        assert (row.requests_before, row.requests_after, row.wrong_after) == counted


def test_pettitt_finds_the_change_and_ranks_are_exact():
    """A step; and a value that merely has all requests explains nothing beyond its share."""
    assert pettitt([1, 2, 1, 2, 1, 2, 9, 8, 9, 8, 9, 8])[0] == 6
    assert pettitt([1.0] * 12) == (0, 1.0)
    rows = [("service_name", "shop", 100, 1, 100, 41), ("http_route", "/a", 10, 0, 10, 10), ("http_route", "/b", 90, 1, 90, 31)]
    parts = ranked(rows, (100, 100), 1.0)
    assert [(p.value, p.explains_pct, p.beyond_share) for p in parts] == [("/a", 25.0, 15.0), ("shop", 100.0, 0.0), ("/b", 75.0, -15.0)]
