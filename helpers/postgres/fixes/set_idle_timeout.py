"""Bound how long a transaction may be left idle, and end the sessions that were there before.

Sets idle_in_transaction_session_timeout for the application's role, or for the database where this role may alter that only; the old
value is the inverse. The server holds new connections to it. The application's older ones are held to it by hand: what they did in their
open transactions is rolled back, and that has no inverse.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres, Record
from helpers.postgres.ending import end_sessions, idle_of, targets, told
from helpers.postgres.roles import MAY_ALTER
from helpers.postgres.sessions import IDLE_IN_TRANSACTION
from helpers.postgres.timeouts import alter_statement, place_for, value_at
from helpers.postgres.write import PostgresWriter

__all__ = ["SetIdleTimeout"]

SLACK_S = 2.0


@dataclass(frozen=True)
class SetIdleTimeout(Fix):
    """Let no new session of `role` (or of `database`) stay idle in a transaction for longer than `timeout_ms`.

    Sessions of `application_name` that were open before are ended when they are idle in a transaction for as long.
    """

    application_name: str
    role: str
    database: str
    timeout_ms: int

    needs: ClassVar[str] = "postgres"

    async def _idle(self, session: Postgres | PostgresWriter, idle_s: float) -> list[Record]:
        return await idle_of(session, (self.application_name, self.role, self.database), IDLE_IN_TRANSACTION, idle_s)

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact statements and the inverse of the setting. Raises FixFailed where this role may alter neither."""
        if self.timeout_ms < 1:
            raise ParameterError(f"A time-out of {self.timeout_ms} ms would be none.", remedy="Give at least 1.")
        rows = await self._idle(session, self.timeout_ms / 1000)
        where = await place_for(session, self.role, self.database)
        wanted = f"{self.timeout_ms}ms"
        if not where:
            by_hand = await alter_statement(session, {"kind": "role", "name": self.role}, wanted)
            raise FixFailed(f"This role may alter neither {self.role} nor {self.database}.", remedy=f"{MAY_ALTER} By hand: {by_hand};")
        old = await value_at(session, where)
        others = " It holds for every role of that database." if where["kind"] == "database" else ""
        return FixPreview(
            [await alter_statement(session, where, wanted), *(f"SELECT pg_terminate_backend({row['pid']})" for row in rows)],
            [await alter_statement(session, where, old)],
            {**where, "old": old, "new": wanted},
            effects=[
                f"New sessions of the {where['kind']} {where['name']} are ended after {self.timeout_ms / 1000:g} s idle in a transaction.{others}",
                "Sessions of that application that are open now are held to the same once; later only when they reconnect.",
                *(told(rows, self.application_name)[:-1] if rows else []),
                "The inverse takes the setting back; an ended session cannot be brought back.",
            ],
            advice=[f"Find where {self.application_name or 'the application'} begins a transaction and neither commits nor rolls back."],
            needed=bool(rows) or old != wanted,
        )

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Set it, then end the sessions it does not reach. Raises FixFailed when this role may not, or they do not go."""
        await writer.execute(preview.statements[0])
        now = (await writer.execute("select clock_timestamp() as now"))[0]["now"]
        idle_s = self.timeout_ms / 1000
        until = time.monotonic() + idle_s + SLACK_S
        while [row for row in await self._idle(writer, 0) if row["backend_start"] <= now] and time.monotonic() < until:
            due = [row for row in await self._idle(writer, idle_s) if row["backend_start"] <= now]
            await end_sessions(writer, targets(due), IDLE_IN_TRANSACTION, idle_s)
            await asyncio.sleep(0.2)

    async def read_back(self, session: Postgres) -> str:
        """Return the setting as the server has it; raise FixFailed if it is another, or a session is left."""
        where = await place_for(session, self.role, self.database)
        value = await value_at(session, where) if where else None
        left = await self._idle(session, self.timeout_ms / 1000 + SLACK_S)
        if value != f"{self.timeout_ms}ms" or left:
            raise FixFailed(f"The setting is {value or 'not there'}, and {len(left)} sessions are still idle in their transaction.")
        return f"idle_in_transaction_session_timeout is {value} for the {where['kind']} {where['name']}; no session is idle for longer."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Put the old setting back, where it is still the one this set: what somebody else set since stays."""
        if await value_at(writer, inverse) == inverse["new"]:
            await writer.execute(await alter_statement(writer, inverse, inverse["old"]))

    def patch(self, preview: FixPreview) -> str:
        """Return the setting and its way back, for where roles and databases are set up in code."""
        if not preview.statements:
            return ""
        return f"-- Idle transactions of {self.role}\n{preview.statements[0]};\n\n-- Way back:\n-- {preview.undo_statements[0]};\n"
