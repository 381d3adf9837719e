"""What Redis faults are made of: a session that may do everything, keys in bulk, clients that go on, settings that are put back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from helpers.sandbox.addresses import Addresses

__all__ = ["Bystanders", "Settings", "client", "delete", "fill", "go_on", "server"]

_CALL_S = 10.0
_STEP = 1000


def client(place: Addresses, name: str) -> Any:
    """Return a client named as an application would name it."""
    return redis.asyncio.Redis.from_url(place.redis, client_name=name, socket_timeout=_CALL_S, socket_connect_timeout=_CALL_S)


@contextlib.asynccontextmanager
async def server(place: Addresses, name: str = "sandbox") -> AsyncIterator[Any]:
    """A client for the length of the block; what Redis refuses is raised as an OSError, which the board tells in people's words."""
    session = client(place, name)
    try:
        yield session
    except RedisError as error:
        raise OSError(f"Redis: {error}") from error
    finally:
        await session.aclose()


async def fill(session: Any, commands: Iterable[tuple[Any, ...]]) -> None:
    """Send many commands, a thousand at a time; the first that is refused is raised."""
    pipe = session.pipeline(transaction=False)
    for command in commands:
        pipe.execute_command(*command)
        if len(pipe) >= _STEP:
            await pipe.execute()
    await pipe.execute()


async def delete(session: Any, *patterns: str, keys: Sequence[bytes] = ()) -> None:
    """Delete these keys, and every key that matches one of the patterns: prefixes the application itself does not use."""
    found = [*keys]
    for pattern in patterns:
        found += [key async for key in session.scan_iter(match=pattern, count=_STEP)]
    for start in range(0, len(found), _STEP):
        await session.unlink(*found[start : start + _STEP])


async def go_on(place: Addresses, name: str, work: Callable[[Any], Awaitable[None]], *, pause_s: float) -> None:
    """Do `work` again and again as the client `name`, `pause_s` apart; a refusal is what this client lives with."""
    session, task = client(place, name), asyncio.current_task()
    try:
        while task is not None and not task.cancelling():  # the driver can swallow a cancellation that comes while it connects
            with contextlib.suppress(RedisError, OSError):
                await work(session)
            await asyncio.sleep(pause_s)
    finally:
        await session.aclose()


class Settings:
    """CONFIG values, changed and put back as they were."""

    def __init__(self) -> None:
        self._before: dict[str, str] = {}

    async def change(self, session: Any, **values: Any) -> None:
        """Set each (`maxmemory_policy` for maxmemory-policy), remembering what it was."""
        for key, value in values.items():
            name = key.replace("_", "-")
            self._before.setdefault(name, (await session.config_get(name))[name])
            await session.config_set(name, value)

    async def put_back(self, session: Any) -> None:
        """Set each to what it was; no-op when nothing was changed."""
        for name, value in self._before.items():
            await session.config_set(name, value)
        self._before.clear()


class Bystanders:
    """The keys that were there before, brought back where a fault costs them their life; what the application wrote meanwhile stays."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[bytes, int]] = {}

    async def keep(self, session: Any) -> None:
        """Remember every key with its deadline."""
        keys = [key async for key in session.scan_iter(count=_STEP)]
        pipe = session.pipeline(transaction=False)
        for key in keys:
            pipe.dump(key)
            pipe.pexpiretime(key)
        replies = await pipe.execute() if keys else []
        self._kept = {key: (replies[2 * n], max(replies[2 * n + 1], 0)) for n, key in enumerate(keys) if replies[2 * n] is not None}

    async def bring_back(self, session: Any) -> None:
        """Restore those that are gone and would not have expired by now; no-op when nothing was kept."""
        seconds, micros = await session.time()
        now = seconds * 1000 + micros // 1000
        for key, (value, deadline) in self._kept.items():
            if not deadline or deadline > now:
                with contextlib.suppress(ResponseError):  # BUSYKEY: it is there
                    await session.restore(key, deadline, value, absttl=True)
        self._kept.clear()
