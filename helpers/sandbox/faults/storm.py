"""Clients that open a connection for each job and close it again, as function instances do that scale out."""

from __future__ import annotations

import asyncio
import contextlib
import random

import asyncpg

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.clients import superuser
from helpers.sandbox.schema import APPLICATION, OWNER

__all__ = ["let_owner_administer", "short_lived", "stop_owner_administering"]

_HELD_S = (4.5, 8.5)
_RETRY_S = 2.0


async def short_lived(place: Addresses, application_name: str, statement: str, argument: int) -> None:
    """Connect, ask, keep the connection a few seconds, close it, and do so again; when refused, try again a little later."""
    held_s = random.uniform(0.5, _HELD_S[1])  # noqa: S311 - no secret; the first ones end one by one, as if it had gone on for long
    while True:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            client = await asyncpg.connect(place.application, timeout=10, server_settings={"application_name": application_name})
            try:
                await client.fetch(statement, argument, timeout=10)
                await asyncio.sleep(held_s)
            finally:
                client.terminate()
                held_s = random.uniform(*_HELD_S)  # noqa: S311
            continue
        await asyncio.sleep(_RETRY_S)


async def let_owner_administer(place: Addresses) -> None:
    """Let the profile's role alter the application's role, as where one team administers both."""
    async with superuser(place) as connection:
        await connection.execute(f"alter role {OWNER} createrole")
        if connection.get_server_version().major >= 16:
            await connection.execute(f"grant {APPLICATION} to {OWNER} with admin true, inherit false, set false")


async def stop_owner_administering(place: Addresses) -> None:
    """Take that right back."""
    async with superuser(place) as connection:
        await connection.execute(f"alter role {OWNER} nocreaterole")
        if connection.get_server_version().major >= 16:
            await connection.execute(f"revoke {APPLICATION} from {OWNER}")
