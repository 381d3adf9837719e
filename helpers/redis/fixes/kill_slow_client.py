"""End the one connection that does nothing but send a slow command.

There is no inverse: a job ends with its connection, or connects again and goes on, which the verification sees. A command that runs
already is not interrupted; between two commands nothing is half done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import BadAnswer, FixFailed, ParameterError
from helpers.redis.connect import Redis
from helpers.redis.makers import plain
from helpers.redis.replies import Value, parse_clients
from helpers.redis.slow import INSTEAD
from helpers.redis.write import RedisWriter

__all__ = ["KillSlowClient"]


@dataclass(frozen=True)
class KillSlowClient(Fix):
    """CLIENT KILL ID `client_id`, if it still is the client named `client_name` at `addr`, and `command` still its last command."""

    client_id: int
    addr: str
    client_name: str = ""
    command: str = ""

    needs: ClassVar[str] = "redis"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Redis) -> FixPreview:
        """Return the command and what it costs; not needed when the client is gone. Raises ParameterError, FixFailed, Refused."""
        if self.client_id <= 0 or not self.addr:
            raise ParameterError("kill_slow_client needs the client's id and addr, as CLIENT LIST shows them.")
        client = await self._client(session)
        if client is None:
            return FixPreview([], needed=False, effects=["The client is gone by itself."])
        self._recheck(client)
        return FixPreview(
            statements=[f"CLIENT KILL ID {self.client_id}"],
            effects=[
                f"{self._who()}, connected for {client.get('age', 0)} s, loses its connection; it was seen sending nothing but {self.command}.",
                "A command that runs already is not interrupted. There is no inverse: the client must connect again.",
            ],
            advice=[
                f"Find out what {self.client_name or 'this client'} is for, before it is started again: instead of {self.command} it may use "
                f"{INSTEAD.get(self.command, 'a bounded command')}.",
                f"Forbid it where nobody needs it: ACL SETUSER … -{self.command.lower()}.",
            ],
        )  # fmt: skip

    def _who(self) -> str:
        return f"{self.client_name or 'An unnamed client'} at {self.addr} (id {self.client_id})"

    async def _client(self, session: Redis) -> dict[str, Value] | None:
        """Return the client as the server lists it, or None when it is gone."""
        try:
            reply = await session.ask("CLIENT LIST", "ID", self.client_id)
        except BadAnswer:  # ID is 6.2+
            reply = await session.ask("CLIENT LIST")
        return next((c for c in parse_clients(reply) if c.get("id") == self.client_id), None)

    def _recheck(self, client: dict[str, Value]) -> None:
        """Raise FixFailed when it is not the client that was diagnosed, or does something else by now."""
        if (client.get("addr"), client.get("name", "")) != (self.addr, self.client_name):
            raise FixFailed(f"Client {self.client_id} is another one by now.", remedy="Run it again.")
        if not plain(str(client.get("flags", ""))):
            raise FixFailed(f"Client {self.client_id} is a replica, a subscriber, blocked or in a transaction: it is left alone.")
        if self.command and str(client.get("cmd", "")).upper() != self.command:
            raise FixFailed(f"Client {self.client_id} sends {str(client.get('cmd', '')).upper()} too: it is left alone.")

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Look again, then end it. Raises FixFailed."""
        client = await self._client(writer)
        if client is None:
            return
        self._recheck(client)
        await writer.execute("CLIENT KILL", "ID", self.client_id)

    async def read_back(self, session: Redis) -> str:
        """Return that it is gone; raise FixFailed when it is not."""
        if await self._client(session):
            raise FixFailed(f"Client {self.client_id} is still connected.")
        return f"{self._who()} is gone."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("An ended connection cannot be brought back: its client must connect again.")
