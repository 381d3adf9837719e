"""sessions_lost through papermill: its reasons, a healthy server, its look-alikes, a server that goes."""

import json

import pytest

from helpers.incident.evidence import audit

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 4.0}


@pytest.mark.parametrize("variant", ["default", "restarted", "prefix_changed", "flushed"])
async def test_it_names_the_prefix_and_the_reason(fresh_sandbox, run, variant):
    """And proposes what keeps it from happening again; nothing is applied."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("sessions_lost", variant=variant) as fault:
        result = await run("sessions_lost", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
    document = result.document
    assert document.cause is not None, document.summary
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert (document.fix.name, document.fix.applied, audit(result.folder)) == ("keep_sessions", False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load: users come with sessions that are there."""
    async with fresh_sandbox(load_rps=8) as sandbox:
        result = await run("sessions_lost", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0), result.document.summary


async def test_evicted_sessions_are_named_by_their_root(fresh_sandbox, run):
    """Eviction makes the misses: the other runbook has the fix."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("eviction_churn"):
        result = await run("sessions_lost", sandbox, apply=True, allowed_pct=0.0, **REDIS, **QUICK)
    document = result.document
    assert (document.cause, "evicted" in document.summary) == (None, True), document.summary


async def test_a_cache_that_fills_anew_is_not_it(fresh_sandbox, run):
    """Its lookups miss, and make no sessions."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("cache_warmup"):
        result = await run("sessions_lost", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.cause, result.document.verdict in {"healthy", "inconclusive"}) == (None, True), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.break_("sessions_lost")
        result = await run("sessions_lost", sandbox, apply=True, kill_at=step, **REDIS, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found"}, written["verdict"]) == (True, result.document.verdict)
