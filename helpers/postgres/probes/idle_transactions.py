"""How long sessions have been idle in a transaction, looked at several times a second.

Each sample is the longest such time at that moment, in s; 0 when no session is idle in a transaction. This program's own sessions do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.postgres.connect import Postgres
from helpers.postgres.gauge import Gauge
from helpers.postgres.sessions import IDLE_IN_TRANSACTION

__all__ = ["IdleTransactions"]

LONGEST_IDLE = """
select coalesce(max(extract(epoch from clock_timestamp() - state_change)), 0)::float8
from pg_stat_activity
where state = any($1::text[]) and backend_type = 'client backend' and not starts_with(coalesce(application_name, ''), 'runbook')
"""


@dataclass(frozen=True)
class IdleTransactions(Gauge):
    """Longest time idle in a transaction, in s.

    Source: PostgreSQL manual, pg_stat_activity.state_change; check_postgres `txn_idle`.
    """

    metric: ClassVar[str] = "s"

    @property
    def name(self) -> str:
        """What is measured."""
        return "longest time idle in a transaction"

    async def look(self, pg: Postgres) -> float:
        """Return the longest time of this moment."""
        return float(await pg.value(LONGEST_IDLE, list(IDLE_IN_TRANSACTION)))
