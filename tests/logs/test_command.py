"""`runbook logs`: the summary and one request, for people and as JSON; hostile text is text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.cli.logs_shown import waterfall
from helpers.errors import ProfileError
from helpers.logs.engine import Logs
from helpers.logs.mapping import mapped
from tests.logs import failing

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
HOSTILE = "<script>alert(1)</script> '; DROP TABLE x; -- $(rm -rf /) \x1b[31mred =1+1 \x07"


def run(*words):
    return subprocess.run([RUNBOOK, "logs", *words], capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "400"})


def written(folder: Path) -> Path:
    lines = [
        {
            "event": "request",
            "timestamp": "2026-03-03T08:00:00Z",
            "http_request_method": "GET",
            "url_path": "/orders/7",
            "status": 200,
            "duration_ms": 12.5,
            "request_id": "r1",
        },
        {
            "event": HOSTILE,
            "timestamp": "2026-03-03T08:00:01Z",
            "level": "error",
            "error_type": HOSTILE,
            "request_id": "r1",
            "url_path": "/orders/7",
        },
    ]
    path = folder / "a 'b\" [x].log"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "garbage\n")
    return path


def test_the_summary_is_one_json_document(tmp_path):
    """Files with their accounts, routes, errors, slowest, rejected."""
    result = run("summary", str(written(tmp_path)), "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 0, result.stderr
    assert [document["files"][0][k] for k in ("lines", "parsed", "rejected")] == [3, 2, 1]
    assert document["routes"][0]["route"] == "/orders/{id}"
    assert document["rejected"] == [{"file": "a 'b\" [x].log", "line": 3, "reason": document["rejected"][0]["reason"], "text": "garbage"}]


def test_a_request_is_followed_and_hostile_text_is_shown_as_text(tmp_path):
    """No control character reaches the terminal."""
    result = run("trace", "r1", str(written(tmp_path)))
    assert (result.returncode, "\x1b[31m" in result.stderr, "\x07" in result.stderr, "DROP TABLE" in result.stderr) == (
        0,
        False,
        False,
        True,
    )


def test_an_unknown_request_is_exit_1(tmp_path):
    """With how many lines were looked at."""
    result = run("trace", "nope", str(written(tmp_path)))
    assert (result.returncode, "No entry of nope in 3 lines" in result.stderr) == (1, True)


def test_no_file_is_bad_usage():
    """Exit 2, and what to give."""
    result = run("summary", "/nowhere/*.log")
    assert (result.returncode, "No log file matches" in result.stderr) == (2, True)


def test_standard_input_is_a_file_like_others(tmp_path):
    """`… | runbook logs summary - --json`."""
    with written(tmp_path).open("rb") as piped:
        result = subprocess.run([RUNBOOK, "logs", "summary", "-", "--json"], stdin=piped, capture_output=True, text=True, timeout=60)
    assert [json.loads(result.stdout)["files"][0][k] for k in ("lines", "parsed", "rejected")] == [3, 2, 1], result.stderr


OWN = {"ts": 1772524800, "took_s": 0.25, "code": "500", "request": {"route": "/orders/{id}", "it's": {"user id": "t1"}}, "what": "boom"}
COLUMNS = {
    "timestamp": "ts", "duration_ms": "took_s * 1000", "http_response_status_code": "code", "http_route": "request.route",
    "tenant_id": "request.it's.user id", "body": "what",
}  # fmt: skip


def test_json_of_ones_own_is_mapped_in_the_profile(tmp_path, monkeypatch):
    """Keys, keys within objects, other units; what does not convert is counted."""
    monkeypatch.chdir(tmp_path)
    lines = [OWN, {**OWN, "code": "?"}, {**OWN, "request": 5}]
    (tmp_path / "own.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = ", ".join(f"{k} = {json.dumps(v)}" for k, v in COLUMNS.items())
    (tmp_path / "profiles.toml").write_text(f'[shop]\nlogs = ["own.json"]\nlog_columns = {{ {columns} }}\n')
    result = run("summary", "--profile", "shop", "--json")
    document = json.loads(result.stdout)
    told = document["files"][0]
    assert (told["format"], told["parsed"], told["mismatched"]) == ("log_columns", 3, {"http_response_status_code": 1})
    with Logs.open(["own.json"], extra=[mapped(COLUMNS)]) as logs:
        found = logs.rows("select duration_ms, http_route, tenant_id, http_response_status_code, body from entries")
    assert found == [
        (250.0, "/orders/{id}", "t1", 500, "boom"),
        (250.0, "/orders/{id}", "t1", None, "boom"),
        (250.0, None, None, 500, "boom"),
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"http_route": "r"}, "timestamp"), ({"timestamp": "t", "http_rout": "r"}, "http_route"), ({"timestamp": "* 2"}, "no key")],
)
def test_a_mapping_that_cannot_be_is_named(columns, said):
    """With what would be right."""
    with pytest.raises(ProfileError) as refused:
        mapped(columns)
    assert said in f"{refused.value} {refused.value.remedy}"


def test_no_file_at_all_is_a_usage_error():
    """It says what to give."""
    result = run("summary")
    assert (result.returncode, "--profile" in result.stderr + result.stdout) == (2, True)


def test_one_request_is_drawn_across_three_systems(tmp_path):
    """The API's line, PostgreSQL's by its comment, Redis' by its words; who waits for whom is to be seen."""
    files = [str(path) for path in failing.write(tmp_path, 5, requests=60)]
    shown, told = run("trace", "r0", *files), run("trace", "r0", *files, "--json")
    entries = json.loads(told.stdout)["entries"]
    assert {entry["system"] for entry in entries} >= {"api", "postgresql", "redis"}, entries
    assert min(entry["offset_ms"] for entry in entries) == 0.0
    assert all(word in shown.stderr for word in ("postgresql", "redis", "began_ms")), shown.stderr


def test_the_waterfall_is_to_scale():
    """Where it began, and how long it took; a line without a time has none, one without a duration is a point."""
    empty = dict.fromkeys(
        ("http_request_method", "url_path", "http_response_status_code", "error_type", "exception_stacktrace", "db_query_text")
    )
    rows = [
        {"timestamp": "t", "system": name, "offset_ms": offset, "duration_ms": took, "severity_text": None, "body": "x", **empty}
        for name, offset, took in (("api", 0.0, 100.0), ("postgresql", 50.0, 25.0), ("redis", 75.0, None), ("api", None, None))
    ]
    assert [row[""] for row in waterfall(rows, width=8)] == ["████████", "    ██", "      ·", ""]


def test_errors_say_since_when_and_where(tmp_path):
    """First and last seen, and what is newer than the logs is called new."""
    files = [str(path) for path in failing.write(tmp_path, 5, requests=200)]
    document, shown = json.loads(run("summary", *files, "--json").stdout), run("summary", *files)
    error = next(one for one in document["errors"] if one["frames"])
    assert document["span"]["from"] <= error["first_at"] <= error["last_at"] <= document["span"]["until"]
    assert ("new" in shown.stderr, "first seen" in shown.stderr, "The logs run from" in shown.stderr) == (True, True, True), shown.stderr


def test_a_window_by_time(tmp_path):
    """From a moment on, before another; what is no moment is said."""
    path = str(written(tmp_path))
    within = json.loads(run("summary", path, "--json", "--since", "2026-03-03T08:00:01").stdout)
    before = json.loads(run("summary", path, "--json", "--until", "2026-03-03T08:00:01").stdout)
    assert ([len(d["slowest"]) for d in (within, before)], within["errors"] != [], before["errors"]) == ([0, 1], True, [])
    recent = run("trace", "r1", path, "--since", "30m")
    wrong = run("summary", path, "--since", "yesterday")
    assert (recent.returncode, wrong.returncode, "30m, 2h or 7d" in wrong.stderr) == (1, 2, True)
