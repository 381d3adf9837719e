"""A running sandbox, as its owner or a visitor holds it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.errors import SystemProblem, UsageError
from helpers.redaction import add_secrets_of_url
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.control import Progress, call
from helpers.sandbox.owner import AlreadyThere, Ownership, launch
from helpers.sandbox.places import default_name, folder_of, private_name, sweep

__all__ = ["SERVICES", "WEB", "ActiveFault", "Sandbox"]

SERVICES = ("postgres", "redis", "api")
WEB = ("postgres", "redis", "web")
KNOWN = (*SERVICES, "web")
_FAULT_S = 120.0


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is injected: what a right diagnosis must name, and the parameters to see it with."""

    name: str
    code: str
    variant: str
    subject: str
    parameters: dict[str, Any]
    title: str
    lookalike: bool


class Sandbox:
    """One running sandbox: its addresses, its services and its faults."""

    def __init__(self, folder: Path, state: Mapping[str, Any]) -> None:
        self.folder = folder
        self.name: str = state["name"]
        self.addresses = Addresses(**state["addresses"])
        self.keeper_pid: int = state["keeper"]
        self._port, self._token = int(state["port"]), str(state["token"])
        for address in (self.addresses.postgres, self.addresses.application, self.addresses.admin, self.addresses.redis):
            add_secrets_of_url(address)

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        *,
        services: Sequence[str] = SERVICES,
        load_rps: float = 20.0,
        name: str | None = None,
        rows: int | None = None,
        postgres_settings: Mapping[str, Any] | None = None,
        progress: Progress = lambda _: None,
    ) -> AsyncIterator[Sandbox]:
        """Yield a sandbox owned by this process; nothing is left of it afterwards, whatever ends the owner.

        Args:
            services: Which of postgres, redis, api and web to start; api and web need the other two.
            load_rps: Requests per second the load generator sends to the api; 0 starts none.
            name: Under which others find it; a private name when None.
            rows: Orders in the demo database.
            postgres_settings: Server settings that differ from the sandbox's.
            progress: Called with a line whenever something has started.

        Raises:
            UsageError: the name is taken, or the services do not fit together.
            RunbookError: a server is missing or did not start.

        """
        config = configuration(name or private_name(), services, load_rps, rows, postgres_settings)
        sandbox, ownership = await cls.launched(config, progress)
        try:
            yield sandbox
        finally:
            await ownership.close()

    @classmethod
    async def launched(cls, config: dict[str, Any], progress: Progress) -> tuple[Sandbox, Ownership]:
        """Return a new sandbox and its ownership. Raises UsageError when the name is taken, RunbookError when it cannot start."""
        sweep()
        folder = folder_of(config["name"])
        try:
            ownership = await launch(folder, config, progress)
        except AlreadyThere:
            raise UsageError(f"There is a sandbox {config['name']} already.", remedy="runbook sandbox down") from None
        return cls(folder, _read_state(folder)), ownership

    @classmethod
    async def find(cls, name: str | None = None) -> Sandbox | None:
        """Return the running sandbox `name` (RUNBOOK_SANDBOX or `default` when None), or None when there is none that answers."""
        folder = folder_of(name or default_name())
        try:
            sandbox = cls(folder, _read_state(folder))
            await sandbox.status(timeout=5)
        except (OSError, ValueError, SystemProblem):
            return None
        return sandbox

    @property
    def profile(self) -> dict[str, Any]:
        """The profile's keys: postgres, redis, api, logs."""
        return self.addresses.profile()

    @property
    def postgres_dsn(self) -> str:
        """The address of the profile's role: owner of the tables, no superuser."""
        return self.addresses.postgres

    @property
    def admin_dsn(self) -> str:
        """The superuser's address."""
        return self.addresses.admin

    @property
    def application_dsn(self) -> str:
        """The address of the demo application's role."""
        return self.addresses.application

    @property
    def redis_url(self) -> str:
        """The address of Redis."""
        return self.addresses.redis

    @property
    def web_url(self) -> str:
        """The base address of the web application, at its edge."""
        return self.addresses.web

    @property
    def api_url(self) -> str:
        """The base address of the demo application."""
        return self.addresses.api

    async def call(self, operation: str, *, timeout: float = 60.0, progress: Progress | None = None, **arguments: Any) -> Any:
        """Return the keeper's answer. Raises UsageError, RunbookError, or Unreachable when the sandbox is gone."""
        return await call(self._port, self._token, operation, timeout=timeout, progress=progress, **arguments)

    async def status(self, *, timeout: float = 10.0) -> dict[str, Any]:
        """Return services (state, pid, address), active faults, uptime in seconds, and what the load sent."""
        answer: dict[str, Any] = await self.call("status", timeout=timeout)
        return answer

    async def break_(self, fault: str, *, variant: str = "default", progress: Progress | None = None) -> ActiveFault:
        """Inject `fault` and return what it broke; no-op when it is active. Raises UsageError on an unknown fault or variant."""
        return ActiveFault(**await self.call("break", timeout=_FAULT_S, progress=progress, fault=fault, variant=variant))

    async def heal(self, fault: str | None = None, *, progress: Progress | None = None) -> list[str]:
        """Heal `fault`, or all; return the names of those that were active."""
        healed: list[str] = await self.call("heal", timeout=_FAULT_S, progress=progress, fault=fault)
        return healed

    @contextlib.asynccontextmanager
    async def fault(self, name: str, *, variant: str = "default") -> AsyncIterator[ActiveFault]:
        """Yield the injected fault; at the end it is healed, for which a server that was killed meanwhile is started again.

        Raises:
            UsageError: unknown fault or variant.

        """
        active = await self.break_(name, variant=variant)
        try:
            yield active
        finally:
            await self._revive()
            await self.heal(name)

    async def _revive(self) -> None:
        for service, facts in (await self.status())["services"].items():
            if facts["state"] == "suspended":
                await self.resume(service)
            elif facts["state"] == "stopped":
                await self.start_service(service)

    async def kill(self, service: str) -> None:
        """End a service by SIGKILL, children too."""
        await self.call("kill", service=service)

    async def start_service(self, service: str) -> None:
        """Start a service that was killed, on its old port; no-op when it runs."""
        await self.call("start", service=service)

    async def suspend(self, service: str) -> None:
        """Hold a service still (SIGSTOP): it accepts connections and never answers."""
        await self.call("suspend", service=service)

    async def resume(self, service: str) -> None:
        """Let a suspended service go on (SIGCONT)."""
        await self.call("resume", service=service)


def configuration(
    name: str, services: Sequence[str], load_rps: float, rows: int | None, postgres_settings: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the keeper is told to start. Raises UsageError when it makes no sense."""
    unknown = sorted(set(services) - set(KNOWN))
    if unknown or not services:
        raise UsageError(f"A sandbox has no service {', '.join(unknown) or '(none named)'}.", remedy=f"Known: {', '.join(KNOWN)}.")
    if {"api", "web"} & set(services) and not {"postgres", "redis"} <= set(services):
        raise UsageError("The demo applications need postgres and redis.")
    if not 0 <= load_rps <= 500 or (rows is not None and not 1000 <= rows <= 5_000_000):
        raise UsageError("load_rps may be 0 to 500, rows 1,000 to 5,000,000.")
    settings = dict(postgres_settings or {})
    return {"name": name, "services": list(services), "load_rps": load_rps, "rows": rows, "postgres_settings": settings}


def _read_state(folder: Path) -> dict[str, Any]:
    file = folder / "state.json"
    if file.stat().st_uid != os.getuid():  # a temporary folder is everybody's: a state of somebody else's is a trap
        raise PermissionError(f"{file} belongs to another user")
    state: dict[str, Any] = json.loads(file.read_text())
    return state
