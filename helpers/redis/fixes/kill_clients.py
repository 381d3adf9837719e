"""Close the connections that hold the slots or the memory, one by one by their ids.

There is no inverse: their owner must connect again, what its buffers held is lost, and a blocked consumer's wait ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError, SystemProblem
from helpers.redis.clients import buffer_bytes, name_text
from helpers.redis.connect import Redis
from helpers.redis.replies import Value, parse_clients
from helpers.redis.write import RedisWriter

__all__ = ["KillClients"]

STEP = 50  # looked at and closed together, so that little time passes in between
MOST = 1000


@dataclass(frozen=True)
class KillClients(Fix):
    """CLIENT KILL ID for each of `clients` (`id`, `name`, `addr`, `buffers_bytes`) that is as it was when it was chosen.

    `doing` and `idle_s` say what that means: `idle` for that long, `blocked`, or holding at least half of its buffers still.
    """

    who: str
    clients: list[dict[str, Any]]
    doing: str
    idle_s: float

    needs: ClassVar[str] = "redis"
    reversible: ClassVar[bool] = False

    async def _now(self, session: Redis, ids: Sequence[int]) -> dict[int, Mapping[str, Value]]:
        """Those of the ids that are connected, and still who they were. An id is never given to another client."""
        reply = parse_clients(await session.ask("CLIENT LIST", "ID", *ids)) if ids else []
        return {int(c["id"]): c for c in reply if c.get("name") != session.application_name}

    async def _due(self, session: Redis, chosen: Sequence[Mapping[str, Any]]) -> list[int]:
        there = await self._now(session, [int(c["id"]) for c in chosen])
        return [int(c["id"]) for c in chosen if int(c["id"]) in there and self._same(c, there[int(c["id"])])]

    def _same(self, chosen: Mapping[str, Any], now: Mapping[str, Value]) -> bool:
        if (name_text(now), str(now.get("addr", ""))) != (chosen["name"], chosen["addr"]):
            return False
        flags, idle = set(str(now.get("flags", ""))), now.get("idle", 0)
        if set("SM") & flags:
            return False
        if self.doing == "blocked":
            return "b" in flags
        if self.doing == "idle" and isinstance(idle, int | float) and idle >= self.idle_s:
            return True
        return 2 * buffer_bytes(now) >= chosen["buffers_bytes"] > 0 and self.doing != "idle"

    async def preview(self, session: Redis) -> FixPreview:
        """Return the clients that would be closed; not needed when none of them is as it was. Raises ParameterError."""
        if not 0 < len(self.clients) <= MOST:
            raise ParameterError(f"One to {MOST} clients are closed at a time, these are {len(self.clients)}.")
        due = [n for chosen in _steps(self.clients) for n in await self._due(session, chosen)]
        if not due:
            return FixPreview([], needed=False, effects=[f"None of the {len(self.clients)} clients of {self.who} is as it was."])
        shown = [f"CLIENT KILL ID {n}" for n in due[:20]] + ([f"… and {len(due) - 20} more"] if len(due) > 20 else [])
        return FixPreview(statements=shown, effects=self._effects(len(due)), advice=ADVICE[self.doing if self.doing in ADVICE else "busy"])

    def _effects(self, count: int) -> list[str]:
        said = [f"{count} connections of {self.who} are closed; each is looked at again just before (name, address, idle time or buffers)."]
        if self.doing == "blocked":
            said.append("A consumer whose queue is empty looks the same: it must connect again, and its wait begins anew.")
        return [*said, "Replies they have not read are lost. There is no inverse."]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Close those that still are as they were. Raises FixFailed when the server refuses one."""
        for chosen in _steps(self.clients):
            due = await self._due(writer, chosen)
            for reply in await writer.execute_many([("CLIENT KILL", "ID", n) for n in due]):
                if isinstance(reply, SystemProblem):
                    raise FixFailed(f"A client could not be closed: {reply.reason}", remedy=reply.remedy)

    async def read_back(self, session: Redis) -> str:
        """Return how many are gone; raise FixFailed when one that should be is still there as it was."""
        left = [n for chosen in _steps(self.clients) for n in await self._due(session, chosen)]
        if left:
            raise FixFailed(f"{len(left)} of {len(self.clients)} clients of {self.who} are still there.")
        return f"Of {len(self.clients)} clients of {self.who} none holds its slot or buffer any more."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("A closed connection cannot be brought back: its client must connect again.")


def _steps(clients: Sequence[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    return [clients[start : start + STEP] for start in range(0, len(clients), STEP)]


ADVICE = {
    "idle": [
        "Find where connections are opened and not closed: one client or pool per process, made at start and closed at its end.",
        "Let the server close what nobody uses: `timeout` (seconds) in its configuration, above what the pools keep.",
    ],
    "blocked": ["Give blocking commands a time-out, and bound the number of consumers: each holds a slot while it waits."],
    "busy": ["Bound what one client may leave unread: client-output-buffer-limit (normal clients have none by default), maxmemory-clients (7.0+)."],
}  # fmt: skip
