"""The systems of one incident: opened on first need, lost and found again, closed together.

Each system's folder has a `connect.py` with `open_session(address, application_name=…)` and, where there are fixes, a
`write.py` with `open_writer(…)`; nothing else here knows one system from another.
"""

from __future__ import annotations

import asyncio
import time
from importlib import import_module
from typing import Any

from helpers.errors import ProfileError, SystemProblem, Unreachable
from helpers.settings import Profile, System

__all__ = ["FOLDERS", "Systems"]

FOLDERS = {"postgres": "postgres", "redis": "redis", "api": "http", "logs": "logs", "code": "git", "vercel": "vercel"}
OPEN_S = 12.0
RETRY_S = 5.0  # a system that just failed is not asked again at once


class Systems:
    """The sessions of one incident, read-only; `lost` says why a system last could not be asked."""

    def __init__(self, profile: Profile, application_name: str) -> None:
        self.profile = profile
        self.application_name = application_name
        self.sessions: dict[str, Any] = {}
        self.lost: dict[str, tuple[float, SystemProblem]] = {}
        self.turns: dict[str, asyncio.Lock] = {}  # shared where several incidents ask at once: never two load probes on one system

    async def get(self, system: str) -> Any:
        """Return the open session of `system`.

        Raises:
            ProfileError: the profile lacks it.
            SystemProblem: it cannot be reached.

        """
        if not getattr(self.profile, system):
            raise ProfileError(f"The profile {self.profile.name} has no {system}.", remedy=f"Add `{system} = …` to ask it.")
        if system not in self.sessions:
            when, problem = self.lost.get(system, (float("-inf"), None))
            if problem is not None and time.monotonic() - when < RETRY_S:
                raise problem
            self.sessions[system] = await self._open(system)
            self.lost.pop(system, None)
        return self.sessions[system]

    def turn(self, system: str) -> asyncio.Lock:
        """Return the lock that whoever makes load of its own on `system` holds meanwhile."""
        return self.turns.setdefault(system, asyncio.Lock())

    async def _open(self, system: str) -> Any:
        try:
            async with asyncio.timeout(OPEN_S):
                return await self._module(system, "connect").open_session(self._address(system), application_name=self.application_name)
        except TimeoutError:
            problem: SystemProblem = Unreachable(system, f"{system} did not accept a connection within {OPEN_S:.0f} s.")
        except SystemProblem as refused:
            problem = refused
        self.lost[system] = (time.monotonic(), problem)
        raise problem

    def _address(self, system: str) -> str | Profile:
        if system in ("logs", "vercel"):  # which files and how they are read, which project and its token: more than an address
            return self.profile
        name: System = system  # type: ignore[assignment]
        return self.profile.address(name)

    @staticmethod
    def _module(system: str, name: str) -> Any:
        return import_module(f"helpers.{FOLDERS[system]}.{name}")

    async def writer(self, system: str) -> Any:
        """Return a new writing session; only an applied fix or an undo asks for one, and closes it. Raises SystemProblem."""
        async with asyncio.timeout(OPEN_S):
            return await self._module(system, "write").open_writer(self._address(system), application_name=self.application_name)

    async def ping_all(self) -> dict[str, tuple[bool, str]]:
        """Return system → (answered, who or why not), all asked at once."""

        async def ask(system: str) -> tuple[bool, str]:
            try:
                return True, await (await self.get(system)).ping()
            except SystemProblem as problem:
                return False, str(problem)

        names = self.profile.systems()
        return dict(zip(names, await asyncio.gather(*(ask(name) for name in names)), strict=True))

    def footprint(self) -> dict[str, Any]:
        """Return what each session cost its system."""
        return {name: session.footprint() for name, session in self.sessions.items()}

    async def close(self) -> None:
        """Close every session; never raises."""
        await asyncio.gather(*(session.close() for session in self.sessions.values()))
        self.sessions.clear()
