"""The profile `sandbox`: that of the running sandbox, else of a private one that lives as long as this process."""

from __future__ import annotations

import atexit
import os
from typing import Any

from helpers.sandbox.places import VARIABLE, default_name, private_name
from helpers.sandbox.sandbox import SERVICES, Sandbox, configuration

__all__ = ["sandbox_profile"]

_LOAD_RPS = 20.0
_private: list[Sandbox] = []


async def sandbox_profile() -> dict[str, Any]:
    """Return the profile's keys (postgres, redis, api, logs) of the sandbox named by RUNBOOK_SANDBOX, or `default`.

    When it does not run, a private one is started once and owned by this process: it ends with it.

    Raises:
        RunbookError: a server is missing or did not start.

    """
    found = await Sandbox.find(default_name())
    if found is None and _private:
        found = _private[0]
    if found is None:
        found, ownership = await Sandbox.launched(configuration(private_name(), SERVICES, _LOAD_RPS, None, None), lambda _: None)
        _private.append(found)
        atexit.register(ownership.close_now)
        os.environ[VARIABLE] = found.name  # a kernel started by this process uses the same one
    return found.profile
