"""Ctrl-C on a real run: an applied, unverified fix is undone on the real server, the evidence is closed, nothing keeps running."""

import asyncio
import json
import os
import signal

import psutil

from helpers.incident.evidence import audit
from helpers.sandbox.faults.postgres.missing_index import QUERY
from tests.runbooks.server import dump
from tests.runbooks.test_undo_after_kill import RUNBOOK, seen


async def test_ctrl_c_after_the_fix_undoes_it(fresh_sandbox, tmp_path):
    """Exit 4; incident.json says undone; the catalog is what it was; no process is left."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("missing_index"):
        before = await dump(sandbox)
        (tmp_path / "profiles.toml").write_text('[target]\npostgres = "env:TARGET_DSN"\n')
        environment = {**os.environ, "TARGET_DSN": sandbox.postgres_dsn}
        arguments = ["run", "missing_index", "--profile", "target", "--apply", "-p", f"query={QUERY}", "-p", "slo_p95_ms=6", "--json"]
        process = await asyncio.create_subprocess_exec(
            RUNBOOK, *arguments, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        folder = await seen(tmp_path, "fix_applied")
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        after = await dump(sandbox)
        _, alive = psutil.wait_procs(family, timeout=5)
    document = json.loads(out)
    assert (process.returncode, document["fix"]["undone"], after == before, alive, audit(folder)) == (4, True, True, [], [])


async def test_ctrl_c_on_the_demo_leaves_nothing(tmp_path):
    """Sandbox, kernel and load end with it."""
    process = await asyncio.create_subprocess_exec(
        RUNBOOK,
        "demo",
        "lock_contention",
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    await seen(tmp_path, "began")
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    code = await process.wait()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert (code, alive, len(family) > 4) == (4, [], True)
