"""One connection to Redis that can only look; the only file that imports the driver.

Every command goes through an allow-list of read-only commands whose cost is bounded: never KEYS, MONITOR, DEBUG, EVAL, nor a
command that returns a whole value of unknown size. One connection, every call with a time-out.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, ClassVar

import redis.asyncio as driver
from redis import exceptions

from helpers.errors import BadAnswer, Refused, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact

__all__ = ["ALLOWED", "Redis", "open_session"]

TIMEOUT_S = 3.0

# Command, or command and subcommand: read-only and bounded (FAULTS.md 5.2; Redis manual, command categories).
ALLOWED = frozenset(
    {
        "PING", "INFO", "TIME", "DBSIZE", "LASTSAVE", "ROLE", "SCAN", "TYPE", "TTL", "PTTL", "EXISTS", "RANDOMKEY", "STRLEN", "HLEN", "LLEN",
        "SCARD", "ZCARD", "XLEN", "MEMORY USAGE", "MEMORY STATS", "MEMORY DOCTOR", "OBJECT ENCODING", "OBJECT IDLETIME", "OBJECT FREQ",
        "SLOWLOG GET", "SLOWLOG LEN", "LATENCY LATEST", "LATENCY HISTORY", "LATENCY DOCTOR", "CLIENT ID", "CLIENT LIST", "CLIENT INFO",
        "CLIENT SETNAME", "CLIENT NO-TOUCH", "CONFIG GET", "ACL WHOAMI", "COMMAND COUNT", "CLUSTER INFO", "CLUSTER NODES",
    }
)  # fmt: skip
SECRET_SETTINGS = ("requirepass", "masterauth", "*", "tls-key-file-pass", "masteruser")


def _translate(error: Exception) -> SystemProblem:
    text = redact(str(error).splitlines()[0] if str(error) else type(error).__name__)
    if isinstance(error, exceptions.AuthenticationError):
        return Unreachable("redis", f"Redis refuses the login: {text}", remedy="Check the profile's redis address.")
    if isinstance(error, exceptions.NoPermissionError):
        return Refused("redis", text, remedy="The role's ACL does not allow this question.")
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return TimedOut("redis", "Redis did not answer in time.")
    if isinstance(error, exceptions.ConnectionError | OSError):
        return Unreachable("redis", f"Redis cannot be reached: {text}", remedy="Check the profile's redis address.")
    return BadAnswer("redis", text, code=text.split(" ", 1)[0])


class Redis:
    """A session that can only look."""

    system: ClassVar[str] = "redis"

    def __init__(self, client: Any) -> None:
        self._client = client
        self._commands = 0
        self._time_ms = 0.0

    async def ask(self, command: str, *args: str | int | bytes, timeout_s: float = TIMEOUT_S) -> Any:
        """Return the server's reply to one allowed command (`MEMORY USAGE`, its subcommand included), as bytes and numbers.

        Raises:
            Refused: the command is not on the allow-list, or the ACL forbids it.
            TimedOut, Unreachable, BadAnswer: as the server answered.
        """
        words = command.upper().split()
        if " ".join(words) not in ALLOWED or _asks_for_a_secret(words, args):
            raise Refused(
                "redis", f"{command.upper()} is not a command that a diagnosis may send.", remedy="See helpers/redis/connect.py, ALLOWED."
            )
        started = time.perf_counter()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._client.execute_command(*words, *args)
        except (exceptions.RedisError, OSError, TimeoutError) as error:
            raise _translate(error) from None
        finally:
            self._commands += 1
            self._time_ms += (time.perf_counter() - started) * 1000

    async def info(self, *sections: str) -> dict[str, Any]:
        """Return INFO's sections as one dict of the server's own names."""
        found: dict[str, Any] = await self.ask("INFO", *sections)
        return found

    async def ping(self) -> str:
        """Return the server's version, mode and role; raise a SystemProblem when it does not answer."""
        await self.ask("PING")
        try:
            facts = await self.info("server", "replication")
        except (Refused, BadAnswer):
            return "Redis answers PING, INFO is not allowed"
        name = "Valkey" if facts.get("server_name") == "valkey" else "Redis"
        version = facts.get("valkey_version") or facts.get("redis_version", "of unknown version")
        return f"{name} {version}, {facts.get('redis_mode', 'standalone')}, {facts.get('role', 'unknown role')}"

    async def identity(self) -> str:
        """Return nothing: one address may be many servers."""
        return ""

    def footprint(self) -> dict[str, float]:
        """Return the `commands` sent and their `time_ms`."""
        return {"commands": self._commands, "time_ms": round(self._time_ms, 1)}

    async def close(self) -> None:
        """Close the connection; never raises."""
        try:
            async with asyncio.timeout(1.0):
                await self._client.aclose()
        except (exceptions.RedisError, OSError, TimeoutError):
            return


def _asks_for_a_secret(words: list[str], args: tuple[str | int | bytes, ...]) -> bool:
    """CONFIG GET returns passwords too, and takes patterns: ask by exact, harmless names."""
    asked = [str(a).lower() for a in args]
    return words == ["CONFIG", "GET"] and (not asked or any(set("*?[") & set(a) or a in SECRET_SETTINGS for a in asked))


async def open_session(address: str, *, application_name: str) -> Redis:
    """Return a session on one connection named `application_name`. Raises Unreachable."""
    try:
        client = driver.Redis.from_url(
            address, single_connection_client=True, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S,
            client_name=application_name.replace(" ", "-"), health_check_interval=0,
        )  # fmt: skip
    except ValueError:
        raise Unreachable("redis", "The redis address is not a valid URL.", remedy="Write redis://[user]:password@host:6379/0.") from None
    session = Redis(client)
    try:
        await session.ask("PING")
    except SystemProblem:
        await session.close()
        raise
    return session
