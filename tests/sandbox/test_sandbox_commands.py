"""up, down, status, break and heal may be called again, from any process, side by side."""

from __future__ import annotations

import asyncio
import os

import asyncpg
import pytest

from helpers.errors import UsageError
from helpers.sandbox import Sandbox, break_, down, heal, status, up
from helpers.sandbox.places import folder_of
from tests.sandbox.asking import nothing_left, owner_process, poll

NAME = f"test commands {os.getpid()}"


@pytest.fixture
async def detached(request):
    """A sandbox started by another process that has ended since."""
    services = getattr(request, "param", ("postgres",))
    code = f"import asyncio; from helpers.sandbox import up; asyncio.run(up({NAME!r}, 10, rows=2000, services={services}))"
    async with owner_process(code) as process:
        await process.wait()
    yield await Sandbox.find(NAME)
    await down(NAME)


async def test_the_verbs_work_on_a_sandbox_of_another_process(detached):
    """A fault with an open transaction outlives the call that injected it; every verb may come twice."""
    fault = await break_(NAME, "lock_contention")
    again = await break_(NAME, "lock_contention")
    active = [f["name"] for f in (await status(NAME))["faults"]]
    healed = [await heal(NAME, "lock_contention"), await heal(NAME)]
    ended = [await down(NAME), await down(NAME)]
    assert (again == fault, active, healed, ended) == (True, ["lock_contention"], [["lock_contention"], []], [True, False])
    assert await poll(lambda: nothing_left(detached.folder))


@pytest.mark.parametrize("detached", [("postgres", "redis", "api")], indirect=True)
async def test_up_again_returns_the_running_one_and_the_load_is_counted(detached):
    """The same keeper; its load generator reports by route and status."""
    said = []
    again = await up(NAME, progress=said.append)

    async def counted():
        return (await status(NAME))["load"].get("routes", {}).get("GET /orders/{order_id}", {}).get("200")

    assert (again.keeper_pid, len(said), await poll(counted) > 0) == (detached.keeper_pid, 1, True)


async def test_two_at_once_make_one_sandbox():
    """Both get it, one started it."""
    name = f"test race {os.getpid()}"
    try:
        first, second = await asyncio.gather(up(name, services=("redis",)), up(name, services=("redis",)))
        assert first.keeper_pid == second.keeper_pid
    finally:
        await down(name)
    assert await poll(lambda: nothing_left(folder_of(name)))


async def test_the_profile_is_that_of_the_running_sandbox(detached, monkeypatch):
    """RUNBOOK_SANDBOX names it, and the address works."""
    from helpers.sandbox.profile import sandbox_profile

    monkeypatch.setenv("RUNBOOK_SANDBOX", NAME)
    profile = await sandbox_profile()
    connection = await asyncpg.connect(profile["postgres"])
    role = await connection.fetchval("select current_user")
    await connection.close()
    assert (role, sorted(profile)) == ("shop_owner", ["postgres"])


async def test_without_a_sandbox_the_verbs_say_so():
    """status is an answer, break a mistake of the caller."""
    assert not (await status("no such"))["running"]
    with pytest.raises(UsageError, match="runbook sandbox up"):
        await break_("no such", "missing_index")


@pytest.mark.parametrize("name", ["../etc", "", "a/b", "-x"])
def test_a_name_that_is_no_file_name_is_refused(name):
    """Nothing outside the temporary folder can be meant."""
    with pytest.raises(UsageError):
        folder_of(name)
