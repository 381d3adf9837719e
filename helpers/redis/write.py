"""One connection to Redis that may write: for an applied fix and for an undo, for nothing else.

It sends what a diagnosis may send, and the few commands of commands.py, WRITES; CONFIG SET for named settings only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from helpers.errors import Refused
from helpers.redis.commands import Part, split, write_refusal
from helpers.redis.connect import TIMEOUT_S, Command, Redis, open_wire
from helpers.redis.session import Wire

__all__ = ["RedisWriter", "open_writer"]


class RedisWriter(Redis):
    """A writing session for one applied fix or undo; it also asks, for the re-check just before a change."""

    system: ClassVar[str] = "redis"

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._writes = wire

    async def execute(self, command: str, *args: Part, timeout_s: float = TIMEOUT_S) -> Any:
        """Return the reply to one command that changes something.

        Raises:
            Refused: not on the list of WRITES, a setting not in SETTABLE, or the ACL forbids it.
            TimedOut, Unreachable, BadAnswer: as the server answered.

        """
        return await self._writes.one(_checked(command, args), timeout_s)

    async def execute_many(self, commands: Sequence[Command], *, timeout_s: float = TIMEOUT_S) -> list[Any]:
        """Return the replies to many changes sent together; a refused one has its SystemProblem as reply. Raises as `execute`."""
        return await self._writes.many([_checked(str(c[0]), c[1:]) for c in commands], timeout_s)


def _checked(command: str, args: Sequence[Part]) -> list[Part]:
    words = split(command)
    problem = write_refusal(words, args)
    if problem:
        raise Refused("redis", problem, remedy="See helpers/redis/commands.py, WRITES and SETTABLE.")
    return [*words, *args]


async def open_writer(address: str, *, application_name: str) -> RedisWriter:
    """Return a writing session; only an applied fix or an undo opens one. Raises Unreachable."""
    return RedisWriter(await open_wire(address, application_name=application_name))
