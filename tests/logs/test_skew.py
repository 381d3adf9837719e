"""Clocks that differ are told from latency, where the logs can tell; what is out of order in a file is counted."""

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.logs.disorder import disorder
from helpers.logs.engine import Logs
from helpers.logs.skew import Told, offsets
from tests.logs.corpora import FORMATS, corpus

FIRST = datetime(2026, 3, 3, 8, tzinfo=UTC)


def at(ms):
    return (FIRST + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")


def written(folder, *, ahead_ms, count=60, seed=1, whole_seconds=False, background=0):
    """A proxy, and the application behind it whose clock is `ahead_ms` ahead; `background` of its requests log once more, much later."""
    choose = random.Random(seed)
    front, behind = [], []
    for number in range(count):
        came, took, way = number * 700 + choose.randrange(500), choose.lognormvariate(4, 1), choose.uniform(0.2, 3)
        ended = came + took + 2 * way
        front.append({"time_iso8601": at(ended - (ended % 1000 if whole_seconds else 0)), "request_time": (took + 2 * way) / 1000, "status": 200, "request_id": f"r{number}"})  # fmt: skip
        behind.append({"event": "x", "timestamp": at(came + way + took + ahead_ms), "duration_ms": took, "host_name": "app-1", "request_id": f"r{number}", "status": 200})  # fmt: skip
        if number < background:
            behind.append({"event": "later", "timestamp": at(came + 20_000 + ahead_ms), "host_name": "app-1", "request_id": f"r{number}"})
    for name, lines in (("front", front), ("behind", behind)):
        (folder / f"{name}.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return [folder / "front.log", folder / "behind.log"]


@pytest.mark.parametrize("ahead_ms", [-60_000, -800, 900, 3_600_000])
def test_a_clock_that_differs_is_found_and_measured(tmp_path, ahead_ms):
    """A request cannot begin behind the proxy before it came there, nor after it was over."""
    with Logs.open(written(tmp_path, ahead_ms=ahead_ms)) as logs:
        found = offsets(logs)
    assert [(one.other, one.pairs, one.told) for one in found] == [("app-1", 60, Told.CLOCKS)]
    assert (found[0].low_ms <= ahead_ms + 3, found[0].high_ms >= ahead_ms, abs(found[0].median_ms - ahead_ms) < 5) == (True, True, True)


@pytest.mark.parametrize(
    "how", [{"ahead_ms": 0}, {"ahead_ms": 5}, {"ahead_ms": -300, "whole_seconds": True}, {"ahead_ms": 0, "background": 60}], ids=str
)
def test_what_latency_explains_is_no_skew(tmp_path, how):
    """Equal clocks; less than the requests take; less than the times are exact; work that goes on after the answer."""
    with Logs.open(written(tmp_path, **how)) as logs:
        assert [one.told for one in offsets(logs)] == [Told.EXPLAINED]


def test_few_requests_tell_nothing(tmp_path):
    """It is said, with what was seen."""
    with Logs.open(written(tmp_path, ahead_ms=-60_000, count=5)) as logs:
        assert [(one.pairs, one.told) for one in offsets(logs)] == [(5, Told.TOO_FEW)]


@pytest.mark.parametrize(("spread_ms", "told"), [(50, Told.CONSTANT), (30_000, Told.EXPLAINED)])
def test_between_applications_only_what_is_constant_is_told(tmp_path, spread_ms, told):
    """Who calls whom is not known: a queue explains what varies, a fixed delay as well as a clock what does not."""
    choose, path = random.Random(2), tmp_path / "all.log"
    lines = [
        {
            "event": "x",
            "timestamp": at(n * 700 + (37_000 + choose.randrange(spread_ms) if host == "b" else 0)),
            "host_name": host,
            "trace_id": f"t{n}",
        }
        for n in range(50)
        for host in "ab"
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Logs.open([path]) as logs:
        assert [(one.one, one.other, one.told) for one in offsets(logs)] == [("a", "b", told)]


def test_one_source_has_no_pairs(tmp_path):
    """Nothing to compare, nothing said."""
    path = written(tmp_path, ahead_ms=5)[1]
    with Logs.open([path]) as logs:
        assert offsets(logs) == []


@pytest.mark.parametrize("name", FORMATS)
def test_out_of_order_entries_are_counted_as_a_reader_would(tmp_path, name):
    """Each entry against the newest before it."""
    content, entries, _ = corpus(name, 4)
    path = tmp_path / "a.log"
    path.write_bytes(content)
    newest, behind, most = None, 0, 0.0
    for moment in [entry["timestamp"] for entry in entries if "timestamp" in entry]:
        if newest is not None and moment < newest:
            behind, most = behind + 1, max(most, (newest - moment).total_seconds())
        newest = max(newest or moment, moment)
    with Logs.open([path]) as logs:
        found = disorder(logs)[0]
    assert (found.behind, found.most_s) == (behind, pytest.approx(most))


def test_the_summary_says_so(tmp_path):
    """For people one sentence, in JSON all pairs and files."""
    files = [str(path) for path in written(tmp_path, ahead_ms=-60_000, background=1)]
    runbook = str(Path(sys.executable).with_name("runbook"))
    told, document = (
        subprocess.run([runbook, "logs", "summary", *files, *how], capture_output=True, text=True, timeout=60) for how in ((), ("--json",))
    )
    clocks = json.loads(document.stdout)
    assert "60 of them in an order that cannot be: clocks differ." in " ".join(told.stderr.split())
    assert "behind.log: 28 of 61 entries stand behind younger ones, by 19." in told.stderr
    assert ([one["told"] for one in clocks["clocks"]], [one["behind"] for one in clocks["out_of_order"]]) == (["clocks differ"], [28, 0])
