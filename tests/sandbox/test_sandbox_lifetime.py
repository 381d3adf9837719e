"""Nothing of a sandbox outlives its owner, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.sandbox.asking import nothing_left, owner_process, poll, remains, shared_memory, traces

OWNER = """
import asyncio
from helpers.sandbox import Sandbox
async def main():
    async with Sandbox.start(services={services}, rows=1000, load_rps=5, progress=lambda text: print(text, flush=True)) as sandbox:
        print(sandbox.keeper_pid, sandbox.folder, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
SERVERS = OWNER.format(services='("postgres", "redis")')


async def announced(owner: asyncio.subprocess.Process) -> tuple[int, Path]:
    """The keeper's pid and the folder, once the sandbox is up."""
    while line := (await owner.stdout.readline()).decode():
        pid, _, folder = line.strip().partition(" ")
        if pid.isdigit():
            return int(pid), Path(folder)
    raise AssertionError("the owner ended early")


@pytest.mark.parametrize("victims", ["owner", "keeper", "owner and keeper", "janitor"])
async def test_kill_9_leaves_nothing(victims):
    """No process, no folder and no shared memory after kill -9 of the owner, the keeper, both, or the janitor."""
    async with owner_process(OWNER.format(services='("postgres", "redis", "api")') if victims == "owner" else SERVERS) as owner:
        keeper, folder = await announced(owner)
        segment = shared_memory(folder)
        pids = {"owner": owner.pid, "keeper": keeper, "janitor": psutil.Process(keeper).ppid()}
        for name in victims.split(" and "):
            os.kill(pids[name], signal.SIGKILL)
        await poll(lambda: nothing_left(folder))
        assert (traces(folder), remains(segment)) == ([], False)


async def test_ctrl_c_of_the_owner_leaves_nothing():
    """SIGINT ends the owner by its usual way out."""
    async with owner_process(SERVERS) as owner:
        _, folder = await announced(owner)
        owner.send_signal(signal.SIGINT)
        await owner.wait()
        assert await poll(lambda: nothing_left(folder))


async def test_ctrl_c_while_starting_leaves_nothing(tmp_path):
    """SIGINT between the first server and the last ends what was started."""
    tmp_path.chmod(0o755)
    code = "import asyncio; from helpers.sandbox import up; asyncio.run(up('half', progress=lambda text: print(text, flush=True)))"
    async with owner_process(code) as owner:
        await owner.stdout.readline()
        owner.send_signal(signal.SIGINT)
        await owner.wait()
    from helpers.sandbox.places import folder_of

    assert await poll(lambda: nothing_left(folder_of("half")))


async def test_what_a_crash_of_everything_leaves_is_swept_by_the_next_start(fresh_sandbox):
    """Keeper and janitor killed at the same moment: the servers end by themselves, the folder with the next sandbox."""
    async with owner_process(SERVERS) as owner:
        keeper, folder = await announced(owner)
        for pid in (psutil.Process(keeper).ppid(), keeper):
            os.kill(pid, signal.SIGKILL)

    async def only_the_folder() -> bool:
        return traces(folder) == [str(folder)]

    await poll(only_the_folder)
    async with fresh_sandbox(services=("redis",)):
        assert not folder.exists()


async def test_a_folder_with_spaces_works(tmp_path):
    """A temporary folder with a space in its path holds a whole sandbox."""
    place = tmp_path / "my files"
    place.mkdir()
    for path in (place, *place.parents):
        if path.stat().st_uid == os.getuid() and str(path).startswith(str(tmp_path.parents[2])):
            path.chmod(0o755)
    async with owner_process(SERVERS, TMPDIR=str(place)) as owner:
        _, folder = await announced(owner)
        assert (folder.parent, (folder / "postgres" / "data" / "PG_VERSION").exists()) == (place, True)
