"""The planner believes yesterday's statistics, and reads a whole table although an index would serve.

A nightly load replaced the table's content and nobody ran ANALYZE. By the old statistics nearly every parcel is pending, so the
planner scans them all; in truth a handful is.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.sandbox.addresses import Addresses
from helpers.sandbox.faults.base import Fault
from helpers.sandbox.faults.clients import repeat, superuser, table_owner

__all__ = ["StaleStatistics"]

_PAUSE_S = 0.4
_DROP = "drop table if exists parcels cascade"
_CREATE = """
    create table parcels (id bigint not null, state text not null, weight_g integer not null, label text not null)
        with (autovacuum_enabled = off);
    insert into parcels select n, case when n % 20 = 0 then 'delivered' else 'pending' end, n % 900, 'x' from generate_series(1, 20000) n;
    create index parcels_state_idx on parcels (state);
    analyze parcels;
    truncate parcels;
"""
_LOAD = """
    insert into parcels
        select n, case when n % 10000 = 0 then 'pending' else 'delivered' end, n % 900, md5(n::text) || repeat('x', 88)
        from generate_series($1::int, $2::int) n
"""
_QUERY = "select id, weight_g from parcels where state = '{}'"


@dataclass
class StaleStatistics(Fault):
    """A table whose statistics were gathered before its content was replaced."""

    async def inject(self, place: Addresses) -> None:
        """Make the table, and traffic on it."""
        self.subject = "parcels(state)"
        self.parameters = {"query": _QUERY.format("pending")}
        async with table_owner(place) as connection:
            await connection.execute(_DROP)
            await connection.execute(_CREATE)
            await connection.execute(_LOAD, 1, 240_000)
            await connection.execute("vacuum parcels")  # counts the rows anew; what they hold only ANALYZE learns
            # ANALYZE makes cached plans anew only if the count of rows has changed since
            await connection.execute(_LOAD, 240_001, 250_000)
        for _ in range(2):
            await self.clients.run(place, "dispatch-api", repeat(_QUERY.format("pending"), pause_s=_PAUSE_S))

    async def heal(self, place: Addresses) -> None:
        """Stop the traffic and take the table away."""
        await self.clients.end(place)
        async with superuser(place) as connection:
            await connection.execute(_DROP)
