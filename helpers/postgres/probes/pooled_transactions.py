"""How many short transactions fail through the connection pooler, sent as the applications there send them.

Several clients at once, each reading a constant with a bound parameter. They prepare their statement under a name when the applications
of this pooler are seen to do so (or their error message says it), and go without where nobody does: the measurement feels what users feel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Probe, Sample, Sessions
from helpers.errors import ParameterError, Refused
from helpers.postgres.connect import Postgres
from helpers.postgres.pooling.drivers import statement_in
from helpers.postgres.pooling.traffic import CLIENTS, clients, run
from helpers.postgres.pooling.watch import watch

__all__ = ["NO_POOLER", "REMEDY", "PooledTransactions"]

NO_POOLER = "The profile's postgres is reached without a pooler, and none is given."
REMEDY = "Give the pooler's host:port, or env:NAME of the address the application uses, as `pooler`."


@dataclass(frozen=True)
class PooledTransactions(Probe):
    """Time in ms, and failures, of `each` read-only transactions by each of six clients of `pooler`.

    Args:
        pooler: `host:port` used with the profile's role, password and database, or `env:NAME` / `file:PATH` of a whole address;
            empty: the profile's postgres, where that is a pooler.
        error: What the application logs; an error about a prepared statement says that it uses them.
        each: Transactions of each client.
        window_s: Seconds the pooler's server connections are watched for what applications prepare.

    Source: PgBouncer's manual, pool_mode and max_prepared_statements.

    """

    pooler: str = ""
    error: str = ""
    each: int = 20
    window_s: float = 2.0

    needs: ClassVar[str] = "postgres"

    def __post_init__(self) -> None:
        if self.each < 2 or self.window_s <= 0:
            raise ParameterError("pooled_transactions needs at least 2 transactions each, and a positive window_s.")

    @property
    def name(self) -> str:
        """What is measured."""
        return f"transactions of {CLIENTS} clients through {self.pooler or 'the pooler'}"

    async def measure(self, sessions: Sessions) -> list[Sample]:
        """Return the samples in ms. Raises Refused when there is no pooler to ask, SystemProblem when it does not answer."""
        pg: Postgres = sessions["postgres"]
        if not self.pooler and not pg.pooled:
            raise Refused("postgres", NO_POOLER, remedy=REMEDY)
        async with clients(pg, self.pooler) as opened:
            prepared = bool(statement_in(self.error))
            if not prepared:
                seen = await watch(pg, opened, self.window_s)
                prepared = any(map(seen.in_use, seen.last))
            return (await run(opened, self.each, prepared=prepared)).samples
