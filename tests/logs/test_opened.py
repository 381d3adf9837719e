"""Logs that lie elsewhere: an address in the profile or on the command line, and what is said where Spark is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.errors import Unreachable
from helpers.logs.beyond import spark_session
from helpers.logs.beyond.opened import elsewhere, open_logs
from helpers.logs.engine import Logs
from helpers.settings import Profile
from tests.logs.failing import write


def test_one_address_or_several_paths():
    """A text is a list of one; an address among paths tells where they lie."""
    assert Profile(name="a", logs="spark://local/x/*.ndjson").logs == ["spark://local/x/*.ndjson"]
    assert [elsewhere(one) for one in (["spark://h:7077", "/x"], ["/x", Path("/y")])] == [True, False]


def test_files_are_read_here(tmp_path):
    """Without an address nothing of Spark is needed."""
    with open_logs(write(tmp_path, 1, requests=20)) as logs:
        assert (type(logs), logs.rows("select count(*) > 20 from entries", {})) == (Logs, [(True,)])


def test_without_pyspark_or_java_it_says_what_to_get(monkeypatch):
    """Which of the two is missing, and how it is got."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unreachable, match="make spark"):
        open_logs(["spark://local", "/x"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(Unreachable, match="Java 17"):
        open_logs(["spark://local", "/x"])


def test_the_summary_is_asked_of_spark(tmp_path):
    """The profile's address, files and formats; the rejected line is counted and shown."""
    if missing := spark_session.lacking():
        pytest.skip(missing)
    paths = [str(path) for path in write(tmp_path, 2, requests=60)]
    Path(paths[0]).write_text(Path(paths[0]).read_text() + "garbage\n")
    (tmp_path / "profiles.toml").write_text(f"[far]\nlogs = {json.dumps(['spark://local[2]', *paths])}\n")
    runbook = str(Path(sys.executable).with_name("runbook"))
    asked = [runbook, "logs", "summary", "--profile", "far", "--json"]
    told = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, timeout=170, env=os.environ)
    document = json.loads(told.stdout)
    assert [(one["format"], one["rejected"]) for one in document["files"]] == [
        ("structlog_json", 1),
        ("postgres_json", 0),
        ("redis_log", 0),
    ]
    assert [one["text"] for one in document["rejected"]] == ["garbage"]
    with Logs.open(paths) as logs:
        routes = logs.rows(
            "select route_of(http_route, url_path), count(*) from entries where http_response_status_code is not null group by 1"
        )
    assert {one["route"]: one["requests"] for one in document["routes"]} == dict(routes)
