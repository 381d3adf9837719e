"""A fault in the application's code or settings: changed as a person would, committed, deployed, and met by traffic."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx

from helpers.errors import RunbookError
from helpers.sandbox.addresses import Addresses
from helpers.sandbox.checkout import Edits
from helpers.sandbox.faults.base import Fault

__all__ = ["Change", "CodeFault", "Request", "send_traffic"]

_TIMEOUT_S = 15.0
_IN_FLIGHT = 60

Request = tuple[str, str] | tuple[str, str, Mapping[str, Any]]
"""Method, path, and what httpx takes beside: `json`, `headers` …; `{n}` in the path becomes a number from 1 to 500."""


@dataclass(frozen=True, slots=True)
class Change:
    """One deployment: its commit's message, edits of files (path → pairs of old and new text), new files, settings and the server."""

    message: str
    edits: Edits = field(default_factory=dict)
    new_files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    server: str = "uvicorn"


@dataclass
class CodeFault(Fault):
    """A fault that is deployed; a subclass states its `changes` by variant, and `meet` says subject, parameters and traffic."""

    changes: ClassVar[Mapping[str, Change]]
    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "api")
    resolvable: ClassVar[bool] = False  # code is changed by a person, after a review
    deployed_from: str = ""

    async def inject(self, place: Addresses) -> None:
        """Deploy the variant's change, then meet it with traffic."""
        await self.deploy(self.changes[self.variant])
        await self.meet(place)

    @abstractmethod
    async def meet(self, place: Addresses) -> None:
        """Set `subject` and `parameters`, and start the traffic that suffers; returns when the symptom is there."""

    async def deploy(self, change: Change) -> None:
        """Commit a change and start the application from it. Raises RunbookError when the sandbox has no application."""
        if self.host is None:
            raise RunbookError("This fault changes the application's code, and the sandbox has no api.", remedy="runbook sandbox up")
        checkout = self.host.checkout
        self.deployed_from = self.deployed_from or checkout.version()
        checkout.edit(change.edits, change.new_files)
        checkout.commit(change.message)
        await self.host.redeploy(change.environment, change.server)

    def at(self, file: str, text: str) -> str:
        """Return `file:line` of the text in the code that is deployed."""
        found: str = self.host.checkout.line_of(file, text)
        return found

    def traffic(self, place: Addresses, *requests: Request, rps: float) -> None:
        """Send these requests by turns until the fault is healed: an open loop at a steady rate, with a bound on how many are under way."""
        self.clients.start(send_traffic(place.api, requests, rps))

    async def heal(self, place: Addresses) -> None:
        """End the traffic, and deploy what ran before."""
        await self.clients.close()
        if self.host is not None:
            self.host.checkout.restore(self.deployed_from)
            await self.host.redeploy({}, "uvicorn")


async def send_traffic(url: str, requests: Sequence[Request], rps: float) -> None:
    """Send the requests by turns, `rps` a second, for ever; what fails is dropped, and so is what would be one too many under way."""
    limits = httpx.Limits(max_connections=_IN_FLIGHT, max_keepalive_connections=20)
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S, limits=limits, trust_env=False) as client, asyncio.TaskGroup() as group:
        under_way: set[asyncio.Task[None]] = set()
        for request in itertools.cycle(requests):
            if len(under_way) < _IN_FLIGHT:
                task = group.create_task(_send(client, request))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.sleep(1 / rps)


async def _send(client: httpx.AsyncClient, request: Request) -> None:
    method, path, *rest = request
    given = dict(rest[0]) if rest else {}
    who, which = random.randint(1, 40), random.randint(1, 500)  # noqa: S311 - not a secret
    headers = {"X-Client-ID": f"client-{who}", **given.pop("headers", {})}
    with contextlib.suppress(Exception):  # traffic goes on, whatever one request met
        await client.request(method, path.replace("{n}", str(which)), headers=headers, **given)
