"""One connection to Redis that can only look; the only file that imports its driver (rest/connect.py: HTTP's).

What may be sent is the session's business (session.py, commands.py): never KEYS, MONITOR, DEBUG, EVAL, nor a command that returns a
whole value of unknown size. One connection, RESP2, every call with a time-out. After a time-out the
connection is dropped, for a late reply must not answer the next question; the next one connects anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from redis import exceptions
from redis._parsers.base import BaseParser
from redis.asyncio import connection as driver
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from helpers.errors import BadAnswer, Refused, SystemProblem, TimedOut, Unreachable
from helpers.redaction import redact
from helpers.redis.commands import Part
from helpers.redis.rest.connect import Rest
from helpers.redis.session import TIMEOUT_S, Command, Redis, Wire, answered

__all__ = ["TIMEOUT_S", "Command", "Redis", "Socket", "open_session", "open_wire", "translate"]

CHUNK = 500  # commands sent before their replies are read: neither side's buffers fill up

FULL = "max number of clients reached"  # Redis source, networking.c: said to the client that is one too many, which is then closed
FULL_REMEDY = (
    "Redis keeps no slot for administrators: stop one instance of the application (its slots are free at once) or wait until a client "
    "leaves, then `runbook run client_exhaustion`."
)
SLOT_S = 6.0  # a full server still frees a slot now and then, where applications come and go
SLOT_PAUSE_S = 0.2

_FAILURES = (exceptions.RedisError, OSError, TimeoutError, asyncio.IncompleteReadError)


def translate(error: BaseException) -> SystemProblem:
    """Return the driver's or the network's error as one of ours, with the next step."""
    text = redact(str(error).splitlines()[0] if str(error) else type(error).__name__)
    code = str(getattr(error, "status_code", None) or text.split(" ", 1)[0])
    if isinstance(error, exceptions.AuthenticationError):
        return Unreachable("redis", f"Redis refuses the login: {text}", remedy="Check the profile's redis address.")
    if isinstance(error, exceptions.NoPermissionError):
        return Refused("redis", text, remedy="The role's ACL does not allow this question: see helpers/redis/reader_acl.txt.")
    if isinstance(error, exceptions.BusyLoadingError):
        return BadAnswer("redis", f"LOADING {text}", code="LOADING", remedy="Wait until `INFO persistence` says loading:0.")
    if FULL in text:
        return Unreachable("redis", f"Redis refuses the connection: {text}. Every client slot is taken.", remedy=FULL_REMEDY)
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return TimedOut("redis", "Redis did not answer in time.")
    if isinstance(error, exceptions.ResponseError) and not isinstance(error, exceptions.ConnectionError):
        if "unknown command" in text.lower() or "unknown subcommand" in text.lower():
            return Refused("redis", text, remedy="This server or service does not have the command.")
        return BadAnswer("redis", text, code=code)
    return Unreachable("redis", f"Redis cannot be reached: {text}", remedy="Check the profile's redis address.")


class Socket:
    """One connection, with time-outs and counts; it sends what it is given, so only the sessions of this folder hold one."""

    def __init__(self, address: str, application_name: str) -> None:
        self.address = address
        self.application_name = application_name
        self.commands = 0
        self.time_ms = 0.0
        self._turn = asyncio.Lock()
        try:
            options = dict(driver.parse_url(address))
        except ValueError:
            raise Unreachable(
                "redis", "The redis address is not a valid URL.", remedy="Write redis://[user]:password@host:6379/0."
            ) from None
        made: Any = options.pop("connection_class", driver.Connection)
        options |= {"protocol": 2, "client_name": application_name.replace(" ", "-"), "driver_info": None, "health_check_interval": 0}
        options |= {"socket_connect_timeout": TIMEOUT_S, "socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
        self._connection = made(**options, maint_notifications_config=MaintNotificationsConfig(enabled=False))
        self.place = f"{options.get('path') or options.get('host', 'localhost')}:{options.get('port', 6379)}/{options.get('db', 0)}"

    async def one(self, parts: Iterable[Part], timeout_s: float) -> Any:
        """Return the reply to one command. Raises SystemProblem."""
        reply = (await self.many([list(parts)], timeout_s))[0]
        if isinstance(reply, SystemProblem):
            raise reply
        return reply

    async def many(self, commands: Sequence[Sequence[Part]], timeout_s: float, *, lines: bool = False) -> list[Any]:
        """Return the reply to each of the commands, sent together; one that the server refuses has its SystemProblem as reply.

        Args:
            commands: Each split into its words and arguments.
            timeout_s: Seconds for all of them.
            lines: Every reply is one line (a number, a status, an error): read many times faster.

        Raises:
            TimedOut, Unreachable: the connection failed; none of the replies is known.

        """
        chunks = [commands[at : at + CHUNK] for at in range(0, len(commands), CHUNK)]
        return await self._send([(b"".join(map(_packed, chunk)), len(chunk)) for chunk in chunks], timeout_s, lines=lines)

    async def each(self, questions: Sequence[Sequence[str]], keys: Sequence[bytes], timeout_s: float) -> list[tuple[Any, ...]]:
        """Return, for each key, the one-line reply to each question about it. Raises as `many`."""
        heads = [b"*%d\r\n" % (len(words) + 1) + b"".join([b"$%d\r\n%b\r\n" % (len(w), w.encode()) for w in words]) for words in questions]
        step = max(CHUNK // max(len(heads), 1), 1)
        packed = []
        for at in range(0, len(keys), step):
            bodies = [b"$%d\r\n%b\r\n" % (len(key), key) for key in keys[at : at + step]]
            packed.append((b"".join([head + body for body in bodies for head in heads]), len(bodies) * len(heads)))
        replies = await self._send(packed, timeout_s, lines=True)
        return list(zip(*[iter(replies)] * len(heads), strict=True))

    async def _send(self, packed: Sequence[tuple[bytes, int]], timeout_s: float, *, lines: bool) -> list[Any]:
        """Send chunks of packed commands, with their counts, each after the replies to the one before."""
        replies: list[Any] = []
        async with self._turn:
            started = time.perf_counter()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._connection.connect()
                    for data, count in packed:
                        await self._connection.send_packed_command([data], check_health=False)
                        replies += await (self._lines(count) if lines else self._replies(count))
            except BaseException as error:
                await self._drop()
                if isinstance(error, _FAILURES):
                    raise translate(error) from None
                raise
            finally:
                self.commands += sum(count for _, count in packed)
                self.time_ms += (time.perf_counter() - started) * 1000
        return replies

    async def _replies(self, count: int) -> list[Any]:
        found: list[Any] = []
        for _ in range(count):
            try:
                found.append(await self._connection.read_response(disconnect_on_error=False))
            except (exceptions.ResponseError, exceptions.BusyLoadingError) as error:  # to the driver, LOADING is a lost connection
                found.append(translate(error))
        return found

    async def _lines(self, count: int) -> list[Any]:
        data = b""
        while data.count(b"\r\n") < count:
            more = await self._connection._reader.read(1 << 18)
            if not more:
                raise exceptions.ConnectionError("the server closed the connection")
            data += more
        return [_line(line) for line in data.split(b"\r\n")[:-1]]

    async def _drop(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._connection.disconnect(nowait=True)
        except _FAILURES:
            return

    async def again(self) -> Wire:
        """Return another connection to the same server. Raises Unreachable, TimedOut."""
        return await open_wire(self.address, application_name=self.application_name)

    async def at(self, host: str, port: int) -> Wire:
        """Return a connection to another node of the same cluster, with the same login. Raises Unreachable, TimedOut."""
        parts = urlsplit(self.address)
        login, at, _ = parts.netloc.rpartition("@")
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return await open_wire(parts._replace(netloc=f"{login}{at}{place}").geturl(), application_name=self.application_name)

    async def close(self) -> None:
        """Close the connection; never raises."""
        await self._drop()


def _packed(parts: Sequence[Part]) -> bytes:
    raw = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(raw) + b"".join([b"$%d\r\n%b\r\n" % (len(x), x) for x in raw])


def _line(line: bytes) -> Any:
    kind, rest = line[:1], line[1:]
    if kind == b":":
        return int(rest)
    if kind == b"+":
        return rest
    if kind == b"-":
        return translate(BaseParser.parse_error(rest.decode("utf-8", "replace")))  # type: ignore[no-untyped-call]
    return None  # $-1: no such key


async def open_wire(address: str, *, application_name: str) -> Wire:
    """Return a bare connection that answered PING: a socket, or REST for an http(s) address.

    A server whose client slots are all taken is asked again for SLOT_S seconds. Raises Unreachable, TimedOut.
    """
    until = time.monotonic() + SLOT_S
    while True:
        wire: Wire = (Rest if address.startswith(("https://", "http://")) else Socket)(address, application_name)
        try:
            await wire.one(["PING"], TIMEOUT_S)
        except SystemProblem as problem:
            if answered(problem):
                return wire
            await wire.close()
            if isinstance(problem, TimedOut) and address.startswith("rediss:"):
                raise TimedOut(
                    "redis", problem.reason, remedy="Where the port does not speak TLS, write redis:// in the profile."
                ) from None
            if FULL not in problem.reason or time.monotonic() > until:
                raise
        else:
            return wire
        await asyncio.sleep(SLOT_PAUSE_S)


async def open_session(address: str, *, application_name: str) -> Redis:
    """Return a session on one connection named `application_name`. Raises Unreachable."""
    return Redis(await open_wire(address, application_name=application_name))
