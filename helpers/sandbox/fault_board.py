"""The board of active faults: injected once, healed once, in the keeper, so that they outlive the call that asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

from helpers.errors import RunbookError, UsageError, near_misses
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.control import Progress
from helpers.sandbox.faults import fault_names, load_fault
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.services.base import Service

__all__ = ["FaultBoard"]


class FaultBoard:
    """Which faults are active; one at a time is injected or healed. `services` are the sandbox's, by name."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services
        self._active: dict[str, Fault] = {}
        self._turn = asyncio.Lock()

    def active(self) -> list[dict[str, Any]]:
        """Return the active faults as JSON values, the oldest first."""
        return [fault.described() for fault in self._active.values()]

    async def inject(self, addresses: Addresses, progress: Progress, *, fault: str, variant: str = "default") -> dict[str, Any]:
        """Break it, and return the fault's description; no-op when it is broken that way already.

        Raises:
            UsageError: unknown fault or variant, a service it needs is not there, or the fault is active in another variant.

        """
        if fault not in fault_names():
            raise UsageError(f"There is no fault {fault}.", remedy=near_misses(fault, fault_names()))
        async with self._turn:
            present = self._active.get(fault)
            if present and present.variant != variant:
                raise UsageError(f"{fault} is active already, as {present.variant}.", remedy=f"runbook sandbox heal {fault}")
            if not present:
                present = self._made(fault, variant)
                await self._inject(present, addresses)
                progress(f"broken: {present.title}")
            return present.described()

    def _made(self, name: str, variant: str) -> Fault:
        kind = load_fault(name)
        lacking = [service for service in kind.services if service not in self._services and service not in kind.optional]
        if lacking:
            option = " --web" if "web" in lacking else ""
            raise UsageError(
                f"{name} needs {' and '.join(lacking)}, which this sandbox does not run.",
                remedy=f"runbook sandbox down, then runbook sandbox up{option}",
            )
        return kind(variant=variant, host=self._services.get("web" if "web" in kind.services else "api"))

    async def _inject(self, fault: Fault, addresses: Addresses) -> None:
        fault.check_variant()
        try:
            with _told(f"{fault.name} could not be injected"):
                await fault.inject(addresses)
        except BaseException:
            with _told(f"{fault.name} could not be injected, nor healed"):
                await fault.heal(addresses)
            raise
        self._active[fault.name] = fault

    async def heal(self, addresses: Addresses, progress: Progress, *, fault: str | None = None) -> list[str]:
        """Heal one fault or all, the newest first; return the names of those that were active."""
        if fault is not None and fault not in fault_names():
            raise UsageError(f"There is no fault {fault}.", remedy=near_misses(fault, fault_names()))
        async with self._turn:
            names = [n for n in reversed(list(self._active)) if fault in (None, n)]
            for name in names:
                with _told(f"{name} could not be healed"):
                    await self._active[name].heal(addresses)
                del self._active[name]
                progress(f"healed: {name}")
            return names

    async def abandon(self) -> None:
        """Let go of every fault's clients; the servers are about to end."""
        for fault in self._active.values():
            await fault.abandon()


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Say in people's words what the server refused, or that it was not there."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise RunbookError(f"{what}: {type(error).__name__}: {error}".rstrip(": "), remedy="runbook sandbox status") from error
