"""hot_key through papermill: its fault, a healthy server, its look-alikes, a server that goes."""

import json

import pytest

from helpers.incident.evidence import audit
from tests.runbooks.redis.state import contents

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}


@pytest.mark.parametrize("variant", ["default", "flags", "counter"])
async def test_it_names_the_key_with_its_share_and_a_plan(fresh_sandbox, run, variant):
    """Nothing is applied, even with apply: a person deploys it."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("hot_key", variant=variant) as fault:
        result = await run("hot_key", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, audit(result.folder)) == ("cache_hot_key", False, [])


async def test_nothing_is_touched_by_measuring(fresh_sandbox, run):
    """Every key and every setting is as it was."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("hot_key", variant="flags") as fault:
        before = await contents(sandbox.redis_url)
        await run("hot_key", sandbox, **REDIS, **QUICK, **fault.parameters)
        after = await contents(sandbox.redis_url)
    assert after == before


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("hot_key", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        fault = await sandbox.break_("hot_key")
        result = await run("hot_key", sandbox, apply=True, kill_at=step, **REDIS, **QUICK, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)
