"""End the sessions of one application that were left open in a transaction.

A cancel does nothing to a session that is idle, so they are terminated, the longest idle first. There is no inverse: what was done in
the open transactions is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed
from helpers.postgres.connect import Postgres
from helpers.postgres.ending import Target, end_sessions, idle_still, told
from helpers.postgres.sessions import IDLE_IN_TRANSACTION, sessions_in_words
from helpers.postgres.write import PostgresWriter

__all__ = ["EndIdleTransactions"]


@dataclass(frozen=True)
class EndIdleTransactions(Fix):
    """End `sessions` (`pid`, `backend_start` as pg_stat_activity gives them), those only that are idle in a transaction for `longest_idle_s` or more."""

    application_name: str
    sessions: list[Target] = field(default_factory=list)
    longest_idle_s: float = 60.0

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact calls and what is lost by them; not needed when the transactions are over."""
        rows = await idle_still(session, self.sessions, IDLE_IN_TRANSACTION, self.longest_idle_s)
        name = self.application_name or "the application"
        if not self.sessions:
            raise FixFailed(f"This role may end none of the sessions of {name}.", remedy="GRANT pg_signal_backend TO it.")
        return FixPreview(
            statements=[f"SELECT pg_terminate_backend({row['pid']});" for row in rows],
            effects=told(rows, self.application_name),
            advice=[
                f"Find where {name} begins a transaction and neither commits nor rolls back: an early return, an exception, a call to "
                "another service inside it.",
                "Let the server end what is left open: idle_in_transaction_session_timeout for the role, a little longer than its slowest request.",
            ],
            needed=bool(rows),
        )

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """End them. Raises FixFailed when this role may not, or they do not go."""
        await end_sessions(writer, self.sessions, IDLE_IN_TRANSACTION, self.longest_idle_s)

    async def read_back(self, session: Postgres) -> str:
        """Return that these transactions are over, as the server says; raise FixFailed if one is not."""
        left = await idle_still(session, self.sessions, IDLE_IN_TRANSACTION, self.longest_idle_s)
        if left:
            raise FixFailed(f"{len(left)} of the sessions are still idle in their transaction.")
        return f"Of {sessions_in_words(len(self.sessions))} of {self.application_name or 'no application_name'}, none is idle in that transaction any more."

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("An ended session cannot be brought back: its client must connect again.")
