"""A session that can only look, over whatever carries its questions: a socket (connect.py), or a service's REST interface.

Every command goes through an allow-list of read-only commands whose reply is bounded (commands.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

from helpers.errors import BadAnswer, Refused, SystemProblem
from helpers.redis import own
from helpers.redis.commands import Part, each_refusal, refusal, split
from helpers.redis.replies import Value, parse_info, parse_pairs

__all__ = ["TIMEOUT_S", "Command", "Redis", "Wire", "answered"]

TIMEOUT_S = 3.0

Command = Sequence[Part]
"""`("MEMORY USAGE", key)`: the command with its subcommand, then its arguments."""


# PING too is refused while the server loads, has lost its primary, or cannot save: it was reached all the same, and INFO tells why.
_REFUSED_PINGS = frozenset({"LOADING", "MASTERDOWN", "MISCONF"})


def answered(problem: SystemProblem) -> bool:
    """Whether a PING that failed came back from a server that can be asked."""
    return isinstance(problem, BadAnswer) and problem.code in _REFUSED_PINGS


class Wire(Protocol):
    """What carries questions to one server; `place` is its address without secrets, `commands` and `time_ms` what was sent so far."""

    application_name: str
    place: str
    commands: int
    time_ms: float

    async def one(self, parts: Iterable[Part], timeout_s: float) -> Any:
        """Return the reply to one command. Raises SystemProblem."""
        ...

    async def many(self, commands: Sequence[Sequence[Part]], timeout_s: float, *, lines: bool = False) -> list[Any]:
        """Return the reply to each command; one that the server refuses has its SystemProblem as reply. Raises TimedOut, Unreachable."""
        ...

    async def each(self, questions: Sequence[Sequence[str]], keys: Sequence[bytes], timeout_s: float) -> list[tuple[Any, ...]]:
        """Return, for each key, the one-line reply to each question about it; refused ones as in `many`. Raises TimedOut, Unreachable."""
        ...

    async def again(self) -> Wire:
        """Return another one to the same server. Raises Unreachable."""
        ...

    async def at(self, host: str, port: int) -> Wire:
        """Return one to another node of the same cluster, with the same login. Raises Unreachable, Refused."""
        ...

    async def close(self) -> None:
        """Close it; never raises."""
        ...


class Redis:
    """A session that can only look."""

    system: ClassVar[str] = "redis"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._siblings: list[Redis] = []
        self.keys_scanned = 0

    @property
    def application_name(self) -> str:
        """The name this session has in CLIENT LIST."""
        return self._wire.application_name.replace(" ", "-")

    @property
    def own_hits(self) -> int:
        """How many of the lookups that the server counts as hits were this process's, of all its sessions there."""
        return own.hits(self._wire.place)

    @property
    def own_misses(self) -> int:
        """How many of those it counts as misses were."""
        return own.misses(self._wire.place)

    async def ask(self, command: str, *args: Part, timeout_s: float = TIMEOUT_S) -> Any:
        """Return the server's reply to one allowed command (`MEMORY USAGE`, its subcommand included), as bytes, numbers and lists.

        Raises:
            Refused: the command is not on the allow-list, the ACL forbids it, or the server does not have it.
            TimedOut, Unreachable, BadAnswer: as the server answered.

        """
        parts = _checked(command, args)
        own.noted(self._wire.place, [parts])
        reply = await self._wire.one(parts, timeout_s)
        own.answered(self._wire.place, [parts], [reply])
        return reply

    async def ask_many(self, commands: Sequence[Command], *, timeout_s: float = TIMEOUT_S, lines: bool = False) -> list[Any]:
        """Return the replies to many allowed commands, sent together; a refused one has its SystemProblem as reply.

        Args:
            commands: Each `("PTTL", key)`.
            timeout_s: Seconds for all of them.
            lines: Every reply is one line, as those of TYPE, PTTL, MEMORY USAGE and OBJECT IDLETIME are: much faster.

        Raises:
            Refused: one of them is not on the allow-list; nothing was sent.
            TimedOut, Unreachable: none of the replies is known.

        """
        checked = [_checked(str(c[0]), c[1:]) for c in commands]
        own.noted(self._wire.place, checked)
        replies = await self._wire.many(checked, timeout_s, lines=lines)
        own.answered(self._wire.place, checked, replies)
        return replies

    async def ask_each(self, questions: Sequence[str], keys: Sequence[bytes], *, timeout_s: float = TIMEOUT_S) -> list[tuple[Any, ...]]:
        """Return, for each key, the replies to the same few questions about it; each a command that takes a key and answers with one line.

        Many times faster than `ask_many`: for thousands of keys.

        Raises:
            Refused: a question is not on the allow-list, or its reply may have more than one line.
            TimedOut, Unreachable: none of the replies is known.

        """
        for question in questions:
            if problem := each_refusal(split(question)):
                raise Refused("redis", problem, remedy="See helpers/redis/commands.py, ALLOWED.")
        asked = [split(q) for q in questions]
        own.noted(self._wire.place, asked, len(keys))
        replies = await self._wire.each(asked, keys, timeout_s)
        own.answered_each(self._wire.place, asked, replies)
        return replies

    async def info(self, *sections: str) -> dict[str, Value]:
        """Return INFO's sections as one dict of the server's own names. `INFO a b` is 7.0+, so each is asked for by itself."""
        replies = await self.ask_many([("INFO", s) for s in sections] or [("INFO",)])
        found: dict[str, Value] = {}
        for reply in replies:
            if isinstance(reply, SystemProblem):
                raise reply
            found |= parse_info(reply)
        return found

    async def settings(self, *names: str) -> dict[str, str]:
        """Return CONFIG GET of these settings; one that the server does not have is absent. Raises Refused where CONFIG is closed."""
        found: dict[str, str] = {}
        for reply in await self.ask_many([("CONFIG GET", n) for n in names]):
            if isinstance(reply, SystemProblem):
                raise reply
            found |= parse_pairs(reply)
        return found

    async def ping(self) -> str:
        """Return the server's version, mode and role; raise a SystemProblem when it does not answer."""
        try:
            await self.ask("PING")
        except BadAnswer as problem:
            if not answered(problem):
                raise
        try:
            facts = await self.info("server", "replication")
        except (Refused, BadAnswer):
            return "Redis answers PING, INFO is not allowed"
        name = "Valkey" if facts.get("server_name") == "valkey" else "Redis"
        version = facts.get("valkey_version") or facts.get("redis_version", "of unknown version")
        mode = facts.get("redis_mode", "standalone")
        where = "cluster (this node only; redis.cluster_nodes asks each)" if mode == "cluster" else mode
        return f"{name} {version}, {where}, {facts.get('role', 'unknown role')}"

    async def identity(self) -> str:
        """Return which server this is, the same after a restart: its address, and what it says of its place.

        Redis keeps no identity over a restart (`run_id` and a primary's `master_replid` are made anew), except a cluster node's. So this
        is the address as the profile gives it, with a digest of port, mode, program and configuration file. Two servers of one image
        behind the same forwarded port look alike: therefore every undo also re-checks the value it puts back.
        """
        try:
            facts = await self.info("server")
            node = await self.ask("CLUSTER MYID") if facts.get("redis_mode") == "cluster" else b""
        except (Refused, BadAnswer):
            return self._wire.place
        names = ("redis_mode", "tcp_port", "executable", "config_file")
        digest = hashlib.sha256("|".join([*(str(facts.get(n, "")) for n in names), node.hex()]).encode()).hexdigest()
        return f"{self._wire.place} {digest[:12]}"

    async def sibling(self) -> Redis:
        """Return another session to the same server, closed together with this one (for probes)."""
        other = Redis(await self._wire.again())
        self._siblings.append(other)
        return other

    async def node(self, host: str, port: int) -> Redis:
        """Return a session to another node of the same cluster, closed together with this one. Raises Unreachable, Refused."""
        other = Redis(await self._wire.at(host, port))
        self._siblings.append(other)
        return other

    def footprint(self) -> dict[str, float]:
        """Return the `commands` sent, their `time_ms`, the `connections`, and the `keys_scanned`, siblings included."""
        everyone = [self, *self._siblings]
        return {
            "commands": sum(s._wire.commands for s in everyone),
            "time_ms": round(sum(s._wire.time_ms for s in everyone), 1),
            "connections": len(everyone),
            "keys_scanned": sum(s.keys_scanned for s in everyone),
        }

    async def close(self) -> None:
        """Close every connection; never raises."""
        for session in [*self._siblings, self]:
            await session._wire.close()


def _checked(command: str, args: Sequence[Part]) -> list[Part]:
    words = split(command)
    problem = refusal(words, args)
    if problem:
        raise Refused("redis", problem, remedy="See helpers/redis/commands.py, ALLOWED.")
    return [*words, *args]
