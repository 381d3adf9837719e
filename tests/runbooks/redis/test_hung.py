"""A Redis that hangs, dies or is busy while a runbook asks: the report still comes, no cause is made up, the server is as it was."""

import asyncio
import json

import pytest
import redis.asyncio

from helpers.runner.catalogue import find_runbooks

RUNBOOKS = [info.name for info in find_runbooks().values() if info.area == "redis"]
REDIS = {"systems": ("redis",)}


def written(result) -> str:
    """The verdict as the report on disk has it."""
    return json.loads((result.folder / "incident.json").read_text())["verdict"]


@pytest.mark.parametrize("name", RUNBOOKS)
async def test_hung_from_the_start(fresh_sandbox, run, name):
    """SIGSTOP: connections are accepted and nothing is said."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        await sandbox.suspend("redis")
        result = await run(name, sandbox, apply=True, **REDIS)
        await sandbox.resume("redis")
    assert (result.document.broken, result.document.cause, result.document.verdict, written(result)) == (
        None,
        None,
        "unreachable",
        "unreachable",
    )


@pytest.mark.parametrize("step", ["reproduce", "investigate"])
@pytest.mark.parametrize("name", RUNBOOKS)
async def test_hung_in_the_middle(fresh_sandbox, run, name, step):
    """It answered before; what it would have told now stays unknown."""
    async with fresh_sandbox(services=("redis",)) as sandbox:
        result = await run(name, sandbox, apply=True, hang_at=step, **REDIS)
        await sandbox.resume("redis")
    document = result.document
    assert (document.broken, document.cause, written(result)) == (None, None, document.verdict)
    assert document.verdict in {"unreachable", "inconclusive"}, document.summary


@pytest.mark.parametrize("name", RUNBOOKS)
async def test_busy_for_seconds(fresh_sandbox, run, name):
    """A script holds the only thread for two seconds out of three: the run ends in an honest report, and nothing of ours stays behind."""
    script = "local t = redis.call('TIME')[1] + 2 while redis.call('TIME')[1] + 0 < t do end return 1"

    async def keep_busy(client: redis.asyncio.Redis) -> None:
        while True:
            await client.eval(script, 0)
            await asyncio.sleep(1)

    async with fresh_sandbox(services=("redis",)) as sandbox, redis.asyncio.Redis.from_url(sandbox.redis_url, socket_timeout=60) as client:
        busy = asyncio.create_task(keep_busy(client))
        result = await run(name, sandbox, **REDIS)
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
        async with redis.asyncio.Redis.from_url(sandbox.redis_url, socket_timeout=60) as other:
            left = [c["name"] for c in await other.client_list() if "runbook" in c["name"]]
            alive = await other.ping()
    named = {document.cause.code} if (document := result.document).cause else set()
    assert (document.broken, named - {"slow_command"}, left, alive) == (None, set(), [], True), document.summary
