"""End the idle sessions of one application, until enough connections are free.

What loses nothing goes first: sessions outside of a transaction, the longest idle first. There is no inverse: a client whose session
was ended must connect again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed, ParameterError
from helpers.postgres.connect import Postgres
from helpers.postgres.ending import Target, end_sessions, idle_still, told
from helpers.postgres.limits import ConnectionLimit, read_limits
from helpers.postgres.sessions import IDLE, sessions_in_words
from helpers.postgres.write import PostgresWriter

__all__ = ["EndIdleSessions"]


@dataclass(frozen=True)
class EndIdleSessions(Fix):
    """End `sessions` (`pid`, `backend_start` as pg_stat_activity gives them) in their order, those only that are idle `longest_idle_s` or more.

    It stops when `headroom_pct` per cent of the limit are free: the server's, or that of the role or database `limit_name`.
    """

    application_name: str
    sessions: list[Target] = field(default_factory=list)
    longest_idle_s: float = 60.0
    limit_kind: str = "server"
    limit_name: str = ""
    headroom_pct: float = 20.0

    needs: ClassVar[str] = "postgres"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Postgres) -> FixPreview:
        """Return the exact calls and what is lost by them; not needed when none of the sessions is idle any more."""
        rows = await idle_still(session, self.sessions, IDLE, self.longest_idle_s)
        name = self.application_name or "the application"
        if not self.sessions:
            raise FixFailed(f"This role may end none of the sessions of {name}.", remedy="GRANT pg_signal_backend TO it.")
        return FixPreview(
            statements=[f"SELECT pg_terminate_backend({row['pid']});" for row in rows],
            effects=[*told(rows, self.application_name), f"It stops as soon as {self.headroom_pct:g} % are free."],
            advice=[
                f"Find where {name} opens connections and does not close them; give it one pool with a maximum, and let the pool close "
                "what is idle.",
                "Let the server end what is left behind (PostgreSQL 14+): idle_session_timeout for the role, longer than its pool's idle time.",
            ],
            needed=bool(rows),
        )

    async def _limit(self, session: Postgres | PostgresWriter) -> ConnectionLimit:
        found = [limit for limit in await read_limits(session) if limit.key == (self.limit_kind, self.limit_name)]
        if not found:
            raise ParameterError(f"There is no limit of the {self.limit_kind} {self.limit_name}.", remedy="It was lifted: look again.")
        return found[0]

    async def apply(self, writer: PostgresWriter, preview: FixPreview) -> None:
        """End as many as the headroom asks for now. Raises FixFailed when this role may not, or they do not go."""
        excess = (await self._limit(writer)).excess(self.headroom_pct)
        still = {row["pid"] for row in await idle_still(writer, self.sessions, IDLE, self.longest_idle_s)}
        await end_sessions(writer, [s for s in self.sessions if s["pid"] in still][:excess], IDLE, self.longest_idle_s)

    async def read_back(self, session: Postgres) -> str:
        """Return how many connections are taken now; raise FixFailed if the headroom is not there and idle sessions still are."""
        limit = await self._limit(session)
        left = await idle_still(session, self.sessions, IDLE, self.longest_idle_s)
        if left and limit.excess(self.headroom_pct):
            raise FixFailed(f"{len(left)} of the sessions are still there, and {limit} are taken.")
        ended = f"of {sessions_in_words(len(self.sessions))} of {self.application_name or 'no application_name'}, {len(left)} still idle."
        return f"{limit} are taken now; {ended}"

    async def undo(self, writer: PostgresWriter, inverse: dict[str, Any]) -> None:
        """There is none; raises FixFailed."""
        raise FixFailed("An ended session cannot be brought back: its client must connect again.")
