"""What a process told of itself several times a second, as samples: threads_waiting, connections_waiting, connections_kept."""

import os
import time
from datetime import UTC, datetime

import pytest

from helpers.errors import BadAnswer, ParameterError
from helpers.logs import runtime_gauge
from helpers.logs.connect import open_session
from helpers.logs.probes.connections_kept import ConnectionsKept
from helpers.logs.probes.connections_waiting import ConnectionsWaiting
from helpers.logs.probes.threads_waiting import ThreadsWaiting
from helpers.settings import Profile

POOLS = {"postgres": {"used": 3, "idle": 0, "max": 3, "waiting": 2}, "other": {"used": 1, "idle": 0, "max": 2, "waiting": -1}}
LOOKS = {
    "threads_waiting": [0, 2],
    "pools": {
        "postgres": {"used": [2, 3], "waiting": [0, 4], "kept": [0, 1], "beyond": [0, 2]},
        "other": {"used": [1, 2], "waiting": [-1, -1], "kept": [0, 0], "beyond": [1, 0]},
    },
}
LINE = {"pid": 1, "pools": POOLS, "looks": LOOKS}


@pytest.mark.parametrize(
    ("probe", "numbers"),
    [
        (ThreadsWaiting(), [0, 2]),
        (ConnectionsWaiting(pool="postgres"), [0, 4]),
        (ConnectionsWaiting(pool="other"), [0, 1]),  # it does not tell who waits: used up is one that may
        (ConnectionsWaiting(), [0, 4]),
        (ConnectionsKept(pool="postgres"), [0, 2]),
        (ConnectionsKept(), [1, 2]),
    ],
)
def test_a_line_holds_one_number_a_look(probe, numbers):
    """Of the pool that is named, or of all."""
    assert probe.numbers(LINE) == numbers


@pytest.mark.parametrize("line", [{}, {"looks": None}, {"looks": {"pools": {"postgres": {}}}}, {"pools": POOLS}])
def test_a_line_of_another_version_holds_none(line):
    """It is no error."""
    assert [probe.numbers(line) for probe in (ThreadsWaiting(), ConnectionsWaiting(), ConnectionsKept())] == [[], [], []]


async def test_a_log_without_such_lines_is_refused_with_the_remedy(tmp_path, monkeypatch):
    """Not taken for a process in which nothing waits."""
    monkeypatch.setattr(runtime_gauge, "LONGER_S", 0.0)
    line = f'{{"timestamp": "{datetime.now(UTC).isoformat()}", "level": "info", "event": "request"}}\n'
    (tmp_path / "app.ndjson").write_text(line * 3)
    os.utime(tmp_path / "app.ndjson", (time.time() + 60,) * 2)  # written to meanwhile
    logs = await open_session(Profile(name="p", logs=[str(tmp_path / "*.ndjson")]), application_name="test")
    with pytest.raises(BadAnswer, match="RuntimeMiddleware"):
        await ThreadsWaiting(window_s=0.01).measure({"logs": logs})
    await logs.close()


@pytest.mark.parametrize("kind", [ThreadsWaiting, ConnectionsWaiting, ConnectionsKept])
def test_a_window_of_nothing_is_refused(kind):
    """A probe that would take no sample."""
    with pytest.raises(ParameterError):
        kind(window_s=0)
