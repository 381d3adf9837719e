"""Where a process's event loop stands is seen from outside, by py-spy, at the line of own code."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from helpers import git
from helpers.errors import Refused
from helpers.git.checks.process_stacks import Place, grouped, place_of
from helpers.results import Status

from .checkouts import checkout

BLOCKS = """import asyncio
import sys

from service.waiting import wait


async def tick():
    while True:
        wait()
        await asyncio.sleep(0.02)

print("up", flush=True)
asyncio.run(tick() if "block" in sys.argv else asyncio.sleep(60))
"""
FILES = {"service/__init__.py": "", "service/waiting.py": "import time\n\n\ndef wait():\n    time.sleep(0.3)\n", "serve.py": BLOCKS}


@contextmanager
def process(folder, *arguments):
    """The application, running."""
    with subprocess.Popen([sys.executable, "serve.py", *arguments], cwd=folder, stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout.readline() == b"up\n"
            time.sleep(0.2)
            yield running.pid
        finally:
            running.kill()


async def stacks(code, pid, **more):
    """The check's answer; skipped where py-spy may not look into another process."""
    try:
        return await git.process_stacks(code, pid=pid, looks=30, **more)
    except Refused as refused:
        if "ermission" in refused.reason:
            pytest.skip(f"py-spy may not look into processes here: {refused.reason}")
        raise


async def test_the_line_that_blocks_is_named(tmp_path):
    """In the file it stands in, with the share of the time."""
    code = await checkout(tmp_path, FILES)
    with process(tmp_path, "block") as pid:
        found = await stacks(code, pid)
    row = found.rows[0]
    said = (found.status, row.code_file_path, row.code_line_number, row.code_function_name, row.code_text)
    assert said == (Status.PROBLEM, "service/waiting.py", 5, "wait", "time.sleep(0.3)")
    assert found.facts["blocked_share"] > 0.5


async def test_a_loop_that_waits_stands_nowhere(tmp_path):
    """It is idle, which is not blocked."""
    code = await checkout(tmp_path, FILES)
    with process(tmp_path) as pid:
        found = await stacks(code, pid)
    assert (found.status, found.facts["blocked_share"]) == (Status.OK, 0.0), found.summary


async def test_nobody_is_looked_into_without_being_named(tmp_path):
    """And a process that is gone is refused, with what to do."""
    code = await checkout(tmp_path, FILES)
    assert (await git.process_stacks(code)).status is Status.SKIPPED
    with pytest.raises(Refused, match="py-spy failed"):
        await git.process_stacks(code, pid=2**22 + 1)


def frames(*named):
    """A main thread's stack, innermost first."""
    return [{"thread_name": "MainThread", "frames": [{"filename": f, "line": n, "name": name} for f, n, name in named]}]


@pytest.mark.parametrize(
    ("stack", "place"),
    [
        (
            frames(("/venv/lib/site-packages/requests/api.py", 9, "get"), ("/srv/shop/a.py", 3, "load")),
            Place("shop/a.py", 3, "load", "get"),
        ),
        (frames(("/venv/lib/site-packages/shop/a.py", 9, "get")), None),
        (frames(("/usr/lib/python3.11/asyncio/runners.py", 118, "run"), ("/srv/shop/a.py", 9, "main")), None),  # it runs the loop
        ([{"thread_name": "worker", "frames": [{"filename": "/srv/shop/a.py", "line": 1, "name": "f"}]}], None),
        ([], None),
    ],
)
def test_the_innermost_own_line_of_the_main_thread_counts(stack, place):
    """Wherever the process's copy of the code lies; a library's file is never own."""
    assert place_of(stack, {"shop/a.py", "shop/b.py"}) == place


async def test_only_what_stays_from_look_to_look_stood(tmp_path):
    """Passing by a line is no stall."""
    code = await checkout(tmp_path, FILES)
    wait, tick = Place("service/waiting.py", 5, "wait", ""), Place("serve.py", 9, "tick", "")
    rows = grouped([wait, wait, wait, None, tick, wait, None, wait, wait], 50.0, code)
    assert [(row.code_line_number, row.stalls, row.blocked_ms, row.longest_ms) for row in rows] == [(5, 2, 150.0, 100.0)]
