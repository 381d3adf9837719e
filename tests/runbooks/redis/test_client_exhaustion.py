"""client_exhaustion through papermill: its fault, a healthy server, a server without a free slot, its neighbours, the undo."""

import asyncio
import contextlib
import json

import pytest
import redis.asyncio

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from tests.runbooks.redis.state import SETTINGS

REDIS = {"systems": ("redis",)}
QUICK = {"window_s": 3.0}
FIXES = {"default": "kill_clients", "leak_goes_on": "set_timeout", "blocked": "kill_clients", "unread_replies": "kill_clients"}


async def asked(sandbox, question):
    """What `question` returns for a client that got a slot; one that is refused tries again, as every slot may be taken."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(redis.exceptions.ConnectionError):
                async with redis.asyncio.Redis.from_url(sandbox.redis_url, single_connection_client=True) as client:
                    return await question(client)
            await asyncio.sleep(0.1)


async def settings(sandbox) -> dict[str, str]:
    """The settings a fix may change."""

    async def ask(client):
        return {name: (await client.config_get(name)).get(name, "") for name in SETTINGS}

    return await asked(sandbox, ask)


@pytest.mark.parametrize("variant", list(FIXES))
async def test_it_names_the_holder_and_there_is_room_again(fresh_sandbox, run, variant):
    """The fix fits what the holder does, the same probe says so, and what has an inverse is put back."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("client_exhaustion", variant=variant) as fault:
        before = await settings(sandbox)
        result = await run("client_exhaustion", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        changed = await settings(sandbox) != before
        undone, said, _ = await undo(result.folder)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (document.fix.name, changed) == (FIXES[variant], variant == "leak_goes_on")
    assert (undone is not None, after == before) == (True, True), said


async def test_connections_in_use_are_not_closed(fresh_sandbox, run):
    """A pool that is too large is no leak: a bounded one is proposed, and nothing is changed."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("client_exhaustion", variant="pool_too_large") as fault:
        before = await settings(sandbox)
        result = await run("client_exhaustion", sandbox, apply=True, **REDIS, **QUICK, **fault.parameters)
        after = await settings(sandbox)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, after == before) == ("resize_client_pool", False, True)


async def test_a_dry_run_names_it_and_closes_nobody(fresh_sandbox, run):
    """Every connection is there afterwards."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("client_exhaustion") as fault:
        result = await run("client_exhaustion", sandbox, **REDIS, **QUICK, **fault.parameters)
        there = sum(c["name"] == fault.subject for c in await asked(sandbox, lambda client: client.client_list()))
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code, there) == (fault.subject, "cause_found", 1, 40)
    assert (document.fix.applied, audit(result.folder)) == (False, [])


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """The application under load."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        result = await run("client_exhaustion", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_without_a_free_slot_it_says_why_and_what_frees_one(fresh_sandbox, run):
    """Redis refuses the runbook too: a report, no cause, and the next step."""
    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url) as client:
        before = (await client.config_get("maxclients"))["maxclients"]
        await client.config_set("maxclients", 1)
        result = await run("client_exhaustion", sandbox, **REDIS, **QUICK)
        await client.config_set("maxclients", before)
        written = json.loads((result.folder / "incident.json").read_text())
    assert (written["verdict"], written["cause"], result.exit_code) == ("unreachable", None, 3)
    assert "stop one instance of the application" in json.dumps(written)


@pytest.mark.parametrize(("fault", "variant"), [("memory_full", "default"), ("eviction_churn", "default")])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, fault, variant):
    """Clients are few, whatever fills the memory."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault(fault, variant=variant):
        result = await run("client_exhaustion", sandbox, apply=True, **REDIS, **QUICK)
    assert (result.document.verdict in {"healthy", "inconclusive"}, result.document.cause) == (True, None), result.document.summary


async def test_writes_refused_for_unread_replies_are_not_blamed_on_a_prefix(fresh_sandbox, run):
    """memory_full and eviction_churn name this failure mode."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault("client_exhaustion", variant="unread_replies"):
        result = await run("memory_full", sandbox, **REDIS, window_s=4.0)
    assert (result.document.verdict, result.document.other) == ("other_cause", "client_exhaustion"), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and no cause is made up."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        fault = await sandbox.break_("client_exhaustion")
        result = await run("client_exhaustion", sandbox, apply=True, kill_at=step, **REDIS, **QUICK, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
    assert result.document.broken is None
    assert (result.document.verdict in {"unreachable", "cause_found", "inconclusive"}, written["verdict"]) == (
        True,
        result.document.verdict,
    )
