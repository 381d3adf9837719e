"""Limit how many connections a role may have, so that the others find some.

It reaches new connections only: sessions that are open stay. The inverse sets the limit that was there before.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.roles import MAY_ALTER, role_facts
from helpers.postgres.write import PostgresWriter

__all__ = ["LimitRoleConnections"]

_STATEMENT = "select format('ALTER ROLE %I CONNECTION LIMIT %s', $1::text, $2::int)"


@dataclass(frozen=True)
class LimitRoleConnections(Fix):
    """Let `role` have at most `connection_limit` connections; then wait up to `settle_s` seconds for those beyond it to end by themselves."""

    role: str
    connection_limit: int
    settle_s: float = 30.0

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact statement and its inverse. Raises ParameterError on a role it cannot bind, FixFailed where this role may not."""
        if self.connection_limit < 1:
            raise ParameterError(f"A limit of {self.connection_limit} lets nobody in.", remedy="Give at least 1.")
        facts = await role_facts(session, self.role)
        if facts["superuser"]:
            raise ParameterError(f"{self.role} is a superuser, whom no limit binds.", remedy="Let the application use a role of its own.")
        old = facts["connection_limit"]
        if 0 <= old <= self.connection_limit:
            return FixPreview([], effects=[f"{self.role} is limited to {old} connections already."], advice=self._advice(), needed=False)
        statement = str(await session.value(_STATEMENT, self.role, self.connection_limit))
        if not facts["may_alter"]:
            raise FixFailed(f"This role may not alter {self.role}.", remedy=f"{MAY_ALTER} By hand: {statement};")
        back = str(await session.value(_STATEMENT, self.role, old))
        return FixPreview(
            [statement],
            [back],
            {"role": self.role, "old": old, "new": self.connection_limit},
            effects=[
                f"{self.role} has {facts['sessions']} connections now; beyond {self.connection_limit} new ones are refused (53300), to it alone.",
                "Sessions that are open stay until they end; no lock on any table.",
            ],
            advice=self._advice(),
        )

    def _advice(self) -> list[str]:
        return [
            f"Put a transaction pooler in front of the database for {self.role}, with a pool no larger than {self.connection_limit}.",
            "Give each instance a pool of one or two with a short idle time; instances times pool size must stay below the limit.",
        ]

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """Set the limit, then wait for it to be felt. Raises SystemProblem when the server refuses."""
        for statement in preview.statements:
            await writer.execute(statement)
        until = time.monotonic() + self.settle_s
        while (await role_facts(writer, self.role))["sessions"] > self.connection_limit and time.monotonic() < until:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.2)

    async def read_back(self, session: Postgres) -> str:
        """Return the limit as the server has it; raise FixFailed if it is another."""
        limit = (await role_facts(session, self.role))["connection_limit"]
        if not 0 <= limit <= self.connection_limit:
            raise FixFailed(f"The connection limit of {self.role} is {limit}.")
        return f"{self.role} may have at most {limit} connections."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """Set the old limit again, where the limit is still the one this set: what somebody else set since stays."""
        facts = await role_facts(writer, inverse["role"], missing_ok=True)
        if not facts or facts["connection_limit"] != inverse["new"]:
            return
        found = await writer.execute(_STATEMENT, inverse["role"], inverse["old"])
        await writer.execute(str(found[0]["format"]))

    def patch(self, preview: FixPreview) -> str:
        """Return the statement and its way back, for where roles are set up in code."""
        if not preview.statements:
            return ""
        return f"-- Connections of the role {self.role}\n{preview.statements[0]};\n\n-- Way back:\n-- {preview.undo_statements[0]};\n"
