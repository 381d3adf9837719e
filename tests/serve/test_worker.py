"""One triage after the other; one that breaks or hangs takes nothing else with it."""

import asyncio
from pathlib import Path

import psutil
import pytest

from helpers.serve import triages
from helpers.serve.triages import Outcome, TriageRun
from helpers.serve.worker import Pool
from tests.serve.sending import body, desk, noted, sent


async def until(condition):
    """Wait until it holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def pool_of(to, run, tell=None):
    pool = Pool(to.intake, to.limits, run, tell)
    pool.start()
    return pool


async def test_alerts_are_looked_into_one_after_the_other():
    """Each by its profile, and told of."""
    to, ran, told = desk(), [], []

    async def run(content, profile):
        ran.append((content, profile, len(to.intake.running)))
        return Outcome("done", 1, 0.1, "an-incident", "First: x.", ("x",))

    async def tell(alert, _ticket, outcome):
        told.append((alert.title, outcome.incident))
        return "told"

    pool = pool_of(to, run, tell)
    for name, service in (("A", "checkout"), ("B", "")):
        await sent(to, body(name, service=service))
    await until(lambda: len(to.intake.recent) == 2)
    await pool.stop()
    assert ([(profile, at_once) for _, profile, at_once in ran], told) == (
        [("shop", 1), ("p", 1)],
        [("A", "an-incident"), ("B", "an-incident")],
    )
    assert [(t.state, t.incident, t.notified) for t in to.intake.recent] == [("done", "an-incident", "told")] * 2


async def test_one_that_breaks_is_said_to_have_failed_and_the_next_is_run(capsys, tmp_path):
    """Whatever it raises."""
    to = desk()

    async def run(content, _profile):
        if b'"A"' in content:
            raise ValueError("no such thing")
        return Outcome("done", 0, 0.1)

    pool = pool_of(to, run)
    for name in "AB":
        await sent(to, body(name))
    await until(lambda: len(to.intake.recent) == 2)
    await pool.stop()
    (tmp_path / "log").write_text(capsys.readouterr().err)
    assert ([t.state for t in to.intake.recent], noted(tmp_path / "log", "broke")[0]["error"]) == (["done", "failed"], "ValueError")


@pytest.mark.parametrize(("grace_s", "state"), [(5.0, "done"), (0.05, "cut_short")])
async def test_at_the_end_the_running_one_may_finish_and_those_that_wait_are_abandoned(grace_s, state, capsys, tmp_path):
    """Within the grace; and it is said."""
    to = desk(grace_s=grace_s)

    async def run(_body, _profile):
        await asyncio.sleep(0.5)
        return Outcome("done", 0, 0.5)

    pool = pool_of(to, run)
    for name in "ABC":
        await sent(to, body(name))
    await until(lambda: to.intake.running)
    await pool.stop()
    late = await sent(to, body("D"))
    (tmp_path / "log").write_text(capsys.readouterr().err)
    ended = noted(tmp_path / "log", "ended")[0]
    assert ([t.state for t in to.intake.recent], late[1]["refused"]) == ([state, "abandoned", "abandoned"], "closing")
    assert (ended["finished"], ended["cut_short"], ended["abandoned"]) == (int(state == "done"), int(state != "done"), 2)


def runs(tmp_path, code, monkeypatch, limit_s=20.0):
    """A run of this code instead of the command."""
    monkeypatch.setattr(triages, "_COMMAND", code)
    return TriageRun(tmp_path, 3.0, limit_s, frozenset({"OWN_SECRET"}))


async def test_the_command_is_given_the_alert_and_none_of_the_receivers_secrets(tmp_path, monkeypatch):
    """Read-only: nothing on its command line could apply anything."""
    monkeypatch.setenv("OWN_SECRET", "x")
    code = (
        "import json, os, sys; print(json.dumps({'incident': sys.stdin.read(), 'summary': ' '.join(sys.argv[1:]),"
        " 'ranked': [{'runbook': str('OWN_SECRET' in os.environ)}]}))"
    )
    outcome = await runs(tmp_path, code, monkeypatch).run(b"an alert", "shop")
    words = f"triage --profile shop --alert - --json --budget 3.0 --out {tmp_path}"
    assert (outcome.state, outcome.incident, outcome.summary, outcome.ranked) == ("done", "an alert", words, ("False",))


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("raise SystemExit(4)", 4),
        ("print('no json')", 0),
        ("print('[1]')", 0),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.close(0); raise SystemExit(2)", 2),
    ],
)
async def test_one_that_prints_nothing_of_use_has_failed(tmp_path, monkeypatch, code, exit_code):
    """With its exit code."""
    outcome = await runs(tmp_path, code, monkeypatch).run(b"x" * 500_000, "shop")
    assert (outcome.state, outcome.exit_code) == ("failed", exit_code)


async def test_one_that_hangs_is_ended_with_all_it_started(tmp_path, monkeypatch):
    """Also what does not listen to SIGTERM."""
    child = tmp_path / "pid"
    code = (
        "import signal, subprocess, sys, time, pathlib; signal.signal(15, signal.SIG_IGN);"
        f"p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); pathlib.Path({str(child)!r}).write_text(str(p.pid));"
        "time.sleep(600)"
    )
    monkeypatch.setattr(triages, "END_S", 0.5)
    outcome = await runs(tmp_path, code, monkeypatch, limit_s=3.0).run(b"", "shop")
    pid = int(Path(child).read_text())
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert (outcome.state, outcome.took_s < 10) == ("timed_out", True)
