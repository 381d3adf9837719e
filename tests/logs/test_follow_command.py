"""`runbook logs follow`: minutes as they end, and a Ctrl-C that ends it with the account."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pandas as pd

from helpers.logs.minutes import Minutes

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def line(minute, second, status=200, ms=10.0):
    at = f"2026-03-03T08:{minute:02d}:{second:02d}Z"
    return json.dumps({"event": "\x1b[31m", "timestamp": at, "status": status, "duration_ms": ms}) + "\n"


def test_each_minute_is_told_once_and_ctrl_c_ends_it(tmp_path):
    """A minute is over when a younger entry has come; the rest is told at the end, and where every line went."""
    path = tmp_path / "a 'log' [1].log"
    path.write_text(line(0, 1) + line(0, 2, 500, 30.0) + line(1, 6))
    process = subprocess.Popen(
        [RUNBOOK, "logs", "follow", str(path), "--from-start", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first = json.loads(process.stdout.readline())
    with path.open("a") as file:
        file.write(line(2, 6) + "rubb")
    second = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    rest, told = process.communicate(timeout=30)
    assert first == {"minute": "2026-03-03T08:00Z", "entries": 2, "requests": 2, "errors": 1, "p50_ms": 20.0, "p95_ms": 29.0}
    assert (second["minute"], json.loads(rest)["minute"], process.returncode) == ("2026-03-03T08:01Z", "2026-03-03T08:02Z", 0)
    assert ("5 lines: 4 parsed, the last one unfinished" in told, time.monotonic() - began < 20) == (True, True)


def test_a_terminal_is_shown_a_table(tmp_path):
    """One row a minute, kept up to date; it ends with Ctrl-C as well."""
    path = tmp_path / "a.log"
    path.write_text(line(0, 1) + line(1, 6))
    terminal, inner = os.openpty()
    process = subprocess.Popen([RUNBOOK, "logs", "follow", str(path), "--from-start"], stdin=inner, stdout=inner, stderr=inner)
    shown = ""
    while "08:01Z" not in shown:
        shown += os.read(terminal, 65536).decode(errors="replace")
    process.send_signal(signal.SIGINT)
    assert (process.wait(timeout=30), "08:00Z" in shown, "Traceback" in shown) == (0, True, False)


def entries(*moments, severity=None, status=200):
    return pd.DataFrame({"timestamp": [pd.Timestamp(m) if m else pd.NaT for m in moments], "http_response_status_code": status, "duration_ms": 1.0, "severity_text": severity})  # fmt: skip


def test_an_entry_of_a_minute_that_is_over_is_late():
    """It is counted, in no minute."""
    minutes = Minutes()
    minutes.add(entries("2026-03-03 08:00:30", "2026-03-03 08:01:10"))
    told = [minute.at for minute in minutes.over()]
    minutes.add(entries("2026-03-03 08:00:59"))
    assert (told, minutes.late, list(minutes.over())) == ([datetime(2026, 3, 3, 8)], 1, [])


def test_an_entry_without_a_time_counts_where_it_was_read():
    """As uvicorn's; one that is no request is an error by its severity."""
    minutes = Minutes()
    minutes.add(entries(None, None, severity="ERROR", status=None))
    assert [(m.entries, m.requests, m.errors) for m in minutes.over(all_of_them=True)] == [(2, 0, 2)]
