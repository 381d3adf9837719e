"""kill -9 of everything that runs a runbook, right after its fix was applied; `runbook undo` then puts the server back."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from helpers.incident.evidence import audit
from helpers.sandbox.faults.postgres.missing_index import QUERY
from tests.runbooks.server import dump

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


async def seen(folder: Path, kind: str) -> Path:
    """Poll until the one incident's evidence has a record of this kind; return its folder."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for path in folder.glob("incidents/*/evidence.jsonl"):
            if f'"kind":"{kind}"' in path.read_text():
                return path.parent
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {kind} was recorded")


def kill_all(pid: int) -> None:
    """SIGKILL a process and everything below it, as an out-of-memory killer or a power cut would."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


@pytest.mark.parametrize("kind", ["fix_intent", "fix_applied"])
async def test_undo_restores_the_catalog_byte_for_byte(fresh_sandbox, tmp_path, kind):
    """Killed once the inverse is written, and once the fix is in: the dump after the undo is the dump before."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("missing_index"):
        before = await dump(sandbox)
        (tmp_path / "profiles.toml").write_text('[target]\npostgres = "env:TARGET_DSN"\n')
        environment = {**os.environ, "TARGET_DSN": sandbox.postgres_dsn}
        arguments = ["run", "missing_index", "--profile", "target", "--apply", "-p", f"query={QUERY}", "-p", "slo_p95_ms=6"]
        process = await asyncio.create_subprocess_exec(
            RUNBOOK, *arguments, cwd=tmp_path, env=environment, stderr=asyncio.subprocess.DEVNULL
        )
        folder = await seen(tmp_path, kind)
        kill_all(process.pid)
        await process.wait()
        changed = await dump(sandbox) != before
        outcomes = []
        for _ in range(2):
            undo = await asyncio.create_subprocess_exec(
                RUNBOOK,
                "undo",
                "last",
                "--json",
                cwd=tmp_path,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await undo.communicate()
            outcomes.append((undo.returncode, json.loads(out)["fix"]["undone"], err.decode()))
        after = await dump(sandbox)
    assert after == before
    assert [outcome[:2] for outcome in outcomes] == [(0, True), (0, True)], outcomes
    assert (changed or kind == "fix_intent", audit(folder)) == (True, [])


async def test_undo_refuses_another_server(fresh_sandbox, tmp_path):
    """A profile that was pointed elsewhere meanwhile: nothing is changed there."""
    async with (
        fresh_sandbox(services=("postgres",)) as sandbox,
        fresh_sandbox(services=("postgres",)) as other,
        sandbox.fault("missing_index"),
    ):
        (tmp_path / "profiles.toml").write_text('[target]\npostgres = "env:TARGET_DSN"\n')
        environment = {**os.environ, "TARGET_DSN": sandbox.postgres_dsn}
        arguments = ["run", "missing_index", "--profile", "target", "--apply", "-p", f"query={QUERY}", "-p", "slo_p95_ms=6"]
        process = await asyncio.create_subprocess_exec(
            RUNBOOK, *arguments, cwd=tmp_path, env=environment, stderr=asyncio.subprocess.DEVNULL
        )
        await seen(tmp_path, "fix_applied")
        kill_all(process.pid)
        await process.wait()
        before = await dump(other)
        undo = await asyncio.create_subprocess_exec(
            RUNBOOK, "undo", "last", cwd=tmp_path, env={**environment, "TARGET_DSN": other.postgres_dsn}, stderr=asyncio.subprocess.PIPE
        )
        _, said = await undo.communicate()
        after = await dump(other)
    assert (undo.returncode, "another server" in said.decode(), after == before) == (1, True, True)
