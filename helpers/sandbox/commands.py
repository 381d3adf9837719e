"""The sandbox from the command line: up, down, status, break, heal; every one may be called again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from helpers.errors import RunbookError, UsageError
from helpers.sandbox.control import Progress
from helpers.sandbox.drilled import drilled
from helpers.sandbox.faults import faults
from helpers.sandbox.owner import reap
from helpers.sandbox.places import default_name, folder_of, is_kept
from helpers.sandbox.sandbox import SERVICES, Sandbox, configuration

__all__ = ["break_", "down", "faults", "heal", "status", "up"]

_PATIENCE_S = 90.0
_POLL_S = 0.05


async def up(
    name: str | None = None,
    load_rps: float = 20.0,
    *,
    rows: int | None = None,
    services: Sequence[str] = SERVICES,
    progress: Progress = lambda _: None,
) -> Sandbox:
    """Start the sandbox `name` so that it outlives the caller, or return the one that runs.

    Args:
        name: Which; RUNBOOK_SANDBOX or `default` when None.
        load_rps: Requests per second of its load.
        rows: Orders in the demo database.
        services: Which of postgres, redis and api.
        progress: Called with a line whenever something has started.

    Raises:
        RunbookError: a server is missing or did not start; an interrupted start leaves nothing behind.

    """
    name = name or default_name()
    running = await _settled(name)
    if running:
        progress(f"the sandbox {name} runs already")
        return running
    try:
        sandbox, ownership = await Sandbox.launched(configuration(name, services, load_rps, rows, None), progress)
    except UsageError:
        other = await _settled(name)  # somebody else was faster
        if other is None:
            raise
        return other
    ownership.detach()
    return sandbox


async def _settled(name: str) -> Sandbox | None:
    """The sandbox `name`; waits while one of that name is being started or removed."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found = await Sandbox.find(name)
        if found or not is_kept(folder_of(name)):
            return found
        if time.monotonic() > deadline:
            raise RunbookError(f"The sandbox {name} is neither up nor down.", remedy=f"Look into {folder_of(name)}/keeper.log.")
        await asyncio.sleep(_POLL_S)


async def down(name: str | None = None) -> bool:
    """End the sandbox `name` and wait until nothing is left of it; return whether there was one."""
    name = name or default_name()
    running = await Sandbox.find(name)
    if running is None:
        return False
    await running.call("down")
    deadline = time.monotonic() + _PATIENCE_S
    while running.folder.exists() or is_kept(running.folder):
        reap()
        if time.monotonic() > deadline:
            raise RunbookError(f"The sandbox {name} did not end in time.", remedy=f"Its keeper is process {running.keeper_pid}.")
        await asyncio.sleep(_POLL_S)
    reap()
    return True


async def status(name: str | None = None) -> dict[str, Any]:
    """Return `running` and, when it is: services, pids, addresses, active faults, uptime in seconds, load counts.

    While a drill goes on, `drill` is True and no fault is named.
    """
    name = name or default_name()
    found = await Sandbox.find(name)
    if found is None:
        return {"name": name, "running": False}
    facts = await found.status()
    if drilled(found.folder):
        facts |= {"faults": [], "drill": True}
    return {"running": True, **facts}


async def break_(name: str | None, fault: str, *, variant: str = "default", progress: Progress | None = None) -> dict[str, Any]:
    """Inject `fault` into the running sandbox; it stays until healed.

    Returns what it broke as JSON values: name, code, variant, subject, parameters, title, lookalike.

    Raises:
        UsageError: no sandbox runs, or there is no such fault or variant.

    """
    return asdict(await (await _running(name)).break_(fault, variant=variant, progress=progress))


async def heal(name: str | None = None, fault: str | None = None, *, progress: Progress | None = None) -> list[str]:
    """Heal one fault or all; return the names of those that were active. Raises UsageError when no sandbox runs."""
    return await (await _running(name)).heal(fault, progress=progress)


async def _running(name: str | None) -> Sandbox:
    found = await Sandbox.find(name)
    if found is None:
        raise UsageError(f"No sandbox {name or default_name()} is running.", remedy="runbook sandbox up")
    return found
