"""A fault in the web application's code or settings: changed as a person would, committed, built, deployed, and met by traffic."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import ClassVar

import httpx
import redis.asyncio

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.api._code import CodeFault, Request, send_traffic

__all__ = ["WebFault"]

_SESSION_S = 3600


@dataclass
class WebFault(CodeFault):
    """A CodeFault of the web application; `signed_in` gives a customer's cookie."""

    services: ClassVar[tuple[str, ...]] = ("postgres", "redis", "web")
    tokens: list[str] = field(default_factory=list, repr=False)

    def traffic(self, place: Addresses, *requests: Request, rps: float) -> None:
        """Send these requests to the edge by turns until the fault is healed."""
        self.clients.start(send_traffic(place.web, requests, rps))

    async def signed_in(self, place: Addresses, customer_id: int) -> str:
        """Return the token of a new session."""
        token = secrets.token_urlsafe(16)
        async with redis.asyncio.Redis.from_url(place.redis) as client:
            await client.set(f"session:{token}", customer_id, ex=_SESSION_S)
        self.tokens.append(token)
        return token

    async def seen(self, place: Addresses, path: str, times: int = 3) -> None:
        """Ask a path some times, so that what it does has been seen by somebody."""
        async with httpx.AsyncClient(base_url=place.web, timeout=20, trust_env=False) as client:
            await asyncio.gather(*(client.get(path) for _ in range(times)))

    async def heal(self, place: Addresses) -> None:
        """Deploy what ran before, and end the sessions."""
        await super().heal(place)
        if self.tokens:
            async with redis.asyncio.Redis.from_url(place.redis) as client:
                await client.delete(*(f"session:{token}" for token in self.tokens))
