"""Whatever a line or a file name holds, it is read and shown as text, and changes nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.errors import ParameterError
from helpers.logs import engine
from helpers.logs.engine import Logs

RUNBOOK = str(Path(sys.executable).with_name("runbook"))
ENTRY = b'{"event": "e", "timestamp": "2026-03-03T08:00:00Z", "status": 200}\n'
TEXT = b"1:M 03 Mar 2026 08:00:00.123 * Ready\n"
NAMES = [
    "a b.log", "a'b.log", 'a"b.log', "a*.log", "a?.log", "[ab].log", "a]b[.log", "new\nline.log", "{a,b}.log", "-dash", "--json", "a;rm -rf.log",
    "$(x).log", "%41.log", "a\\b.log", "~", "é☃.log", "x.gz", "x.zst", "x.csv", "timestamp=5/app.log", "status=1/body=2/a.log", "a\x1b[31m.log", "**",
    "a\u202eb.log", os.fsdecode(b"\xff\xfe.log"), os.fsdecode(b"dir\xe9/x.log"),
]  # fmt: skip
SHAPES = {
    "SQL": "'; drop view entries; select '",
    "shell": "$(touch pwned) `touch pwned` ; touch pwned",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "ANSI": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "formula": "=cmd|' /C calc'!A0",
    "controls": "".join(map(chr, (*range(1, 32), 0x7F, *range(0x80, 0xA0)))),
    "direction": "\u202eabc\u2066\u200b\U000e0041",
    "template": "{{7*7}} ${7*7} %s %n {0.__class__} [bold red]x[/bold red] [link=http://x]y[/link]",
    "10 MB": "x" * 10_000_000,
}


@pytest.mark.parametrize("content", [ENTRY, TEXT], ids=["json", "text"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_name_names_that_file(tmp_path, name, content):
    """Not what it would match, not what its ending says, not a column."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in ("ab.log", "a.log", "A.log", "a"):
        (path.parent / other).write_bytes(content * 10)
    path.write_bytes(content * 3)
    with Logs.open([path]) as logs:
        account, counted = logs.account()[0], logs.rows("select count(*), count(distinct timestamp) from entries")
        path.write_bytes(content * 5)
        assert (account.path, account.parsed, counted, logs.account()[0].parsed) == (path, 3, [(3, 1)], 3)


def line(text):
    """An entry that holds `text` wherever it can; ten million characters once."""
    short = text[:1000]
    entry = {
        "event": text, "timestamp": "2026-03-03T08:00:00Z", "level": "error", "method": short, "path": "/" + short, "status": 500, "duration_ms": 3.0,
        "request_id": "r1", "error_type": short, "service": short, "version": short, "user_agent": short, "exception": short,
    }  # fmt: skip
    return json.dumps(entry) + "\n" + "no JSON " + re.sub(r"[\n\r]", "", short) + "\n"


def written(folder):
    """Every shape, twice, and as many rejected lines."""
    path = folder / "a.log"
    path.write_text("".join(line(text) for text in SHAPES.values()) * 2, encoding="utf-8", newline="\n")
    return path


def test_it_comes_back_as_it_was(tmp_path):
    """In every column, and the questions after it are answered."""
    with Logs.open([written(tmp_path)]) as logs:
        rows = logs.rows("select distinct body, error_type, service_name, http_request_method, user_agent_original from entries")
        counted = (logs.rows("select count(*) from entries"), logs.account()[0].rejected)
    assert sorted(rows) == sorted((text, *[text[:1000]] * 4) for text in SHAPES.values())
    assert counted == ([(2 * len(SHAPES),)], 2 * len(SHAPES))


@pytest.mark.parametrize("words", [("summary",), ("summary", "--json"), ("trace", "r1"), ("trace", "r1", "--json")], ids=" ".join)
def test_it_is_shown_as_text(tmp_path, words):
    """No control character reaches the terminal, no markup is taken for its own, nothing ran; JSON gives back what was there."""
    path = written(tmp_path)
    at = 1 + (words[0] == "trace")
    command = [RUNBOOK, "logs", *words[:at], str(path), *words[at:]]
    result = subprocess.run(command, capture_output=True, timeout=100, cwd=tmp_path, env={**os.environ, "COLUMNS": "300"})
    shown = (result.stdout + result.stderr).decode()
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown) == []
    assert (result.returncode, list(tmp_path.iterdir()), "<script>" in shown) == (0, [path], True), shown[-800:]
    if words == ("trace", "r1", "--json"):
        assert sorted(one["body"] for one in json.loads(result.stdout)["entries"]) == sorted([*SHAPES.values()] * 2)


def test_json_without_end_is_a_rejected_line(tmp_path):
    """Brackets in brackets, thousands deep: in a field they do no harm."""
    deep = b'{"event": "e", "timestamp": 1772524800, "x": ' + b"[" * 50_000
    path = tmp_path / "a.log"
    path.write_bytes(ENTRY * 3 + deep + b"]" * 50_000 + b"}\n" + deep + b"\n")
    with Logs.open([path]) as logs:
        found = [(one.line, one.reason) for _, one in logs.rejected()]
        assert (logs.account()[0].parsed, found) == (4, [(5, "JSON nested too deeply")])


def test_an_array_without_end_is_rejected_too(tmp_path):
    """What can be read of a drain's posts is."""
    entry = b'{"id": "1", "deploymentId": "d", "projectId": "p", "source": "lambda", "timestamp": 1772524800123, "message": "m"}'
    path = tmp_path / "drain.json"
    path.write_bytes(b"[" + entry + b"," + entry + b"]\n[" + b'{"a":' * 50_000 + b"\n[" + entry + b"]\n")
    with Logs.open([path], as_format="vercel") as logs:
        account = logs.account()[0]
        assert (account.parsed, account.rejected + account.unfinished >= 1) == (3, True)


@pytest.mark.parametrize("refused", [PermissionError(13, "Permission denied"), FileNotFoundError(2, "No such file or directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch, refused):
    """It is somebody else's, or was rotated away between the glob and the reading."""
    path = tmp_path / "a.log"
    path.write_bytes(ENTRY)
    refused.filename = str(path)
    monkeypatch.setattr(engine, "sample", lambda _: (_ for _ in ()).throw(refused))
    with pytest.raises(ParameterError, match=rf"a\.log cannot be read: {refused.strerror}"):
        Logs.open([path])


def test_a_carriage_return_within_a_line_hides_no_rejected_one(tmp_path):
    """It is no character of a word, whatever stands for it in a copy."""
    path = tmp_path / "access.log"
    good = b'10.0.0.1 - - [03/Mar/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 12\n'
    path.write_bytes(good * 3 + good.replace(b"- -", b"- \r"))
    with Logs.open([path]) as logs:
        assert (logs.account()[0].rejected, [(one.line, "\r" in one.text) for _, one in logs.rejected()]) == (1, [(4, True)])
