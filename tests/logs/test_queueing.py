"""A queue is told from mere load, on simulated servers."""

import heapq
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from helpers.logs.engine import Logs
from helpers.logs.queueing import queueing

START = datetime(2026, 3, 3, 8, tzinfo=UTC)


def served(seed, rate, takes_s, workers, seconds=900):
    """Requests of Poisson arrivals through so many workers: the time that each ended, and how long it took with its waiting."""
    choose, free, at = random.Random(seed), [0.0] * workers, 0.0
    while at < seconds:
        at += choose.expovariate(rate(at))
        begins = max(at, heapq.heappop(free))
        ends = begins + choose.expovariate(1 / takes_s(at))
        heapq.heappush(free, ends)
        yield ends, ends - at


def found(folder, *how):
    lines = [
        {"event": "r", "timestamp": (START + timedelta(seconds=ended)).isoformat(), "status": 200, "duration_ms": took * 1000}
        for ended, took in served(*how)
    ]
    (folder / "a.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Logs.open([folder / "a.log"]) as logs:
        return queueing(logs)


def slow_from_600(at):
    return 0.1 if not 600 <= at < 700 else 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_queue_is_found_where_it_grew(tmp_path, seed):
    """Ten workers, 20 requests/s, and for a hundred seconds each takes ten times as long."""
    queue = found(tmp_path, seed, lambda at: 20, slow_from_600, 10)
    assert queue.since is not None, queue.why
    assert abs(queue.since.replace(tzinfo=UTC) - START - timedelta(seconds=600)) <= timedelta(seconds=20), queue.why
    assert (queue.arrivals_per_s > queue.completions_per_s, queue.in_flight_after > 500) == (True, True), queue.why


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [lambda at: 20, lambda at: 10 if at < 450 else 100], ids=["steady", "ten times the load"])
def test_load_alone_is_no_queue(tmp_path, rate, seed):
    """There are workers enough, also for ten times as many requests at the same pace."""
    queue = found(tmp_path, seed, rate, lambda at: 0.1, 200)
    assert queue.since is None, queue.why


def test_nothing_to_compare_with(tmp_path):
    """One request is no queue."""
    (tmp_path / "a.log").write_text('{"event": "r", "timestamp": "2026-03-03T08:00:00Z", "status": 200, "duration_ms": 5}\n')
    with Logs.open([tmp_path / "a.log"]) as logs:
        assert (queueing(logs).since, "no pace" in queueing(logs).why) == (None, True)
