"""The limits on connections (the server's, a role's, a database's), and how full each is (I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.postgres.connect import Postgres
from helpers.postgres.sql import load_sql
from helpers.postgres.write import PostgresWriter

__all__ = ["MAX_USED_PCT", "ConnectionLimit", "fullest", "read_limits"]

MAX_USED_PCT = 90.0  # check_postgres `backends`: warning at 90 % of max_connections; here of what ordinary roles may use
# One session is more than a tenth of a smaller limit: such a limit is made to be full, as of a role for one worker.
SMALLEST_LIMIT = 10


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """One limit: `kind` is `server`, `role` or `database`, `name` the role's or database's; this program's own sessions do not count."""

    kind: str
    name: str
    used: int
    allowed: int

    @property
    def pct(self) -> float:
        """Share that is taken, in per cent; above 100 where reserved slots are in use."""
        return 100.0 * self.used / max(self.allowed, 1)

    @property
    def key(self) -> tuple[str, str]:
        """Which limit it is."""
        return self.kind, self.name

    def __str__(self) -> str:
        what = "usable connections of the server" if self.kind == "server" else f"connections that the {self.kind} {self.name} may have"
        return f"{self.used} of {self.allowed} {what}"

    def excess(self, headroom_pct: float) -> int:
        """Return how many sessions must end so that `headroom_pct` per cent of it are free; 0 when they are."""
        return max(self.used - int(self.allowed * (100.0 - headroom_pct) / 100.0), 0)


async def read_limits(session: Postgres | PostgresWriter) -> list[ConnectionLimit]:
    """Return the server's limit, then those of roles and databases. Raises SystemProblem when the server cannot be asked.

    A fix asks through its writer: where connections are short, none is opened for this.
    """
    ask = session.execute if isinstance(session, PostgresWriter) else session.fetch
    rows = await ask(load_sql(__file__, 0), "runbook", SMALLEST_LIMIT)
    return [ConnectionLimit(**row) for row in rows]


def fullest(limits: Sequence[ConnectionLimit], key: tuple[str, str] | None = None) -> ConnectionLimit:
    """Return the fullest limit, or the one of `key` where it is still there; of two as full, the first."""
    same = [limit for limit in limits if limit.key == key]
    return same[0] if same else max(limits, key=lambda limit: limit.pct)
