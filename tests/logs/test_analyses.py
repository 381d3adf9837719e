"""Every analysis equals an independent, slow, obvious implementation in plain Python."""

import json
import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.logs.analyses import analyse, analyses
from helpers.logs.engine import Logs

START = datetime(2026, 3, 3, 8, tzinfo=UTC)


def entries(seed: int) -> list[dict]:
    """3,000 requests of 20 minutes out of order, two versions, errors with traces; some without a route or a duration."""
    choose = random.Random(seed)
    made = []
    for number in range(3000):
        at = START + timedelta(seconds=choose.uniform(0, 1200))
        route, path = choose.choice([("/orders/{id}", f"/orders/{number}"), ("", f"/items/{number}"), ("/health", "/health")])
        entry = {
            "event": "request",
            "timestamp": at.isoformat(),
            "level": "info",
            "http_request_method": "GET",
            "url_path": path + "?page=2",
            "http_response_status_code": choose.choices([200, 404, 500], [90, 5, 5])[0],
            "request_id": f"r{number}",
            "service_version": "v1" if at < START + timedelta(minutes=10) else "v2",
        }
        if route:
            entry["http_route"] = route
        if choose.random() < 0.95:
            entry["duration_ms"] = round(choose.lognormvariate(3, 1), 3)
        made.append(entry)
        if entry["http_response_status_code"] == 500:
            name = choose.choice(["ValueError", "KeyError"])
            trace = f'Traceback (most recent call last):\n  File "app/{name}.py", line {number}, in handler\n{name}: bad id {number}'
            made.append(
                {
                    "event": "request failed",
                    "timestamp": at.isoformat(),
                    "level": "error",
                    "request_id": f"r{number}",
                    "error_type": name,
                    "exception": trace,
                    "url_path": path,
                }
            )
    choose.shuffle(made)
    return made


@pytest.fixture(scope="module")
def made():
    return entries(11)


@pytest.fixture(scope="module")
def logs(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    half = len(made) // 2
    for name, part in (("a.ndjson", made[:half]), ("b.ndjson", made[half:])):
        (folder / name).write_text(
            "".join(json.dumps(e) + "\n{broken\n" * (i % 50 == 0) + "\n" * (i % 50 != 0) for i, e in enumerate(part))
        )
    with Logs.open([folder / "*.ndjson"]) as opened:
        yield opened


def quantile(values: list[float], q: float) -> float | None:
    """Linear interpolation between the two nearest, as quantile_cont and numpy do."""
    if not values:
        return None
    ordered, place = sorted(values), q * (len(values) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def route_of(entry: dict) -> str:
    path = entry["url_path"].partition("?")[0]
    return entry.get("http_route") or re.sub(r"/\d+\b", "/{id}", path)


def requests(made: list[dict]) -> list[dict]:
    return [e for e in made if "http_response_status_code" in e]


def grouped(rows, key):
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def near(a, b) -> bool:
    a = None if a is not None and a != a else a
    return (a is None and b is None) or (a is not None and b is not None and a == pytest.approx(b, rel=1e-9))


def stats(group: list[dict]) -> dict:
    took = [e["duration_ms"] for e in group if "duration_ms" in e]
    errors = sum(e["http_response_status_code"] >= 500 for e in group)
    return {
        "requests": len(group),
        "errors": errors,
        "error_pct": 100 * errors / len(group),
        "p50_ms": quantile(took, 0.5),
        "p95_ms": quantile(took, 0.95),
        "p99_ms": quantile(took, 0.99),
        "max_ms": max(took),
        "total_s": sum(took) / 1000,
    }


def test_traffic(logs, made):
    """By minute and route: counts exact, percentiles equal."""

    def key(e):
        at = datetime.fromisoformat(e["timestamp"])
        return at.replace(second=0, microsecond=0, tzinfo=None), route_of(e)

    wanted = {k: stats(g) for k, g in grouped(requests(made), key).items()}
    found = {(row.at.to_pydatetime(), row.route): row for row in analyse(logs, "traffic", bucket_s=60).itertuples()}
    assert set(found) == set(wanted)
    names = ("requests", "errors", "error_pct", "p50_ms", "p95_ms", "p99_ms")
    assert [(k, n) for k, w in wanted.items() for n in names if not near(getattr(found[k], n), w[n])] == []


def test_routes(logs, made):
    """The most time first."""
    wanted = {k: stats(g) for k, g in grouped(requests(made), route_of).items()}
    found = list(analyse(logs, "routes").itertuples())
    assert [r.route for r in found] == sorted(wanted, key=lambda k: -wanted[k]["total_s"])
    names = ("requests", "errors", "error_pct", "p50_ms", "p95_ms", "max_ms", "total_s")
    assert [(r.route, n) for r in found for n in names if not near(getattr(r, n), wanted[r.route][n])] == []


def test_slowest(logs, made):
    """The ids of the ten slowest."""
    wanted = sorted((e for e in requests(made) if "duration_ms" in e), key=lambda e: -e["duration_ms"])[:10]
    assert list(analyse(logs, "slowest", count=10)["request_id"]) == [e["request_id"] for e in wanted]


def test_errors(logs, made):
    """Two fingerprints, whatever number stands in the message and the frame."""
    wanted = {
        name: (len(group), min(datetime.fromisoformat(e["timestamp"]).replace(tzinfo=None) for e in group))
        for name, group in grouped((e for e in made if "error_type" in e), lambda e: e["error_type"]).items()
    }
    found = analyse(logs, "errors").to_dict("records")
    assert {row["error_type"]: (row["count"], row["first_at"].to_pydatetime()) for row in found} == wanted


def test_trace(logs, made):
    """Every entry of one request, in order of time."""
    wanted = next(e["request_id"] for e in made if "error_type" in e)
    found = analyse(logs, "trace", id=wanted)
    assert len(found) == sum(e["request_id"] == wanted for e in made) == 2


def test_versions(logs, made):
    """Route by route, before and after."""
    by = grouped(requests(made), lambda e: (route_of(e), e["service_version"]))
    for row in analyse(logs, "versions", before="v1", after="v2").itertuples():
        before, after = stats(by[row.route, "v1"]), stats(by[row.route, "v2"])
        assert (row.requests_before, row.requests_after) == (before["requests"], after["requests"])
        assert near(row.p95_ratio, after["p95_ms"] / before["p95_ms"])


def test_concurrency(logs, made):
    """The most at once, by walking over the sorted begins and ends."""
    spans = []
    for e in requests(made):
        if "duration_ms" in e:
            end = datetime.fromisoformat(e["timestamp"]).timestamp() * 1000 // 1
            spans.append((end - e["duration_ms"], end))
    steps = sorted([(b, 1) for b, _ in spans] + [(e, -1) for _, e in spans])
    busy = most = 0
    for _, step in steps:
        busy += step
        most = max(most, busy)
    found = analyse(logs, "concurrency", bucket_s=60)
    assert (int(found["most"].max()), int(found["arrivals"].sum())) == (most, len(spans))


def test_every_analysis_is_tested():
    """A new one brings its oracle."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in analyses() if f"def test_{name}(" not in text] == []
