"""Tables whose content the planner misjudges, each for another reason, and the statement that suffers from it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MISESTIMATES", "Misestimate"]

# A list is paired with itself: one row each is expected, so the planner pairs them in a nested loop.


@dataclass(frozen=True, slots=True)
class Misestimate:
    """How to make the table and mislead the planner about it; `drop` takes it away; `query` is what is slow.

    `fresh` names the table whose statistics are gathered last, so that nothing of it counts as changed since.
    """

    subject: str
    application_name: str
    steps: tuple[str, ...]
    drop: str
    query: str
    fresh: str = ""


_PARCELS = """
    insert into parcels
        select n, case when n % 10000 = 0 then 'pending' else 'delivered' end, n % 900, md5(n::text) || repeat('x', 88)
        from generate_series({}, {}) n"""

MISESTIMATES = {
    "default": Misestimate(
        subject="parcels(state)",
        application_name="dispatch-api",
        steps=(
            """create table parcels (id bigint not null, state text not null, weight_g integer not null, label text not null)
                   with (autovacuum_enabled = off)""",
            "insert into parcels select n, case when n % 20 = 0 then 'delivered' else 'pending' end, n % 900, 'x' from generate_series(1, 20000) n",
            "create index parcels_state_idx on parcels (state)",
            "analyze parcels",
            "truncate parcels",
            _PARCELS.format(1, 240_000),
            "vacuum parcels",  # counts the rows anew; what they hold only ANALYZE learns
            # ANALYZE makes cached plans anew only if the count of rows has changed since
            _PARCELS.format(240_001, 250_000),
        ),
        drop="drop table if exists parcels cascade",
        query="select id, weight_g from parcels where state = 'pending'",
    ),
    # one manifest is loaded in bulk; every manifest before it had a single scan
    "nested_loop": Misestimate(
        subject='"Freight Ops"."Scan"("manifestNo")',
        application_name="freight-board",
        steps=(
            'create schema "Freight Ops"',
            """create table "Freight Ops"."Scan" ("scanId" bigint not null, "manifestNo" bigint not null, "parcelNo" bigint not null, kind text not null)
                   with (autovacuum_enabled = off)""",
            """insert into "Freight Ops"."Scan"
                   select n, n, n / 2, case when n % 2 = 0 then 'in' else 'out' end from generate_series(1, 20000) n""",
            'create index "Scan_manifestNo_idx" on "Freight Ops"."Scan" ("manifestNo")',
            'analyze "Freight Ops"."Scan"',
            """insert into "Freight Ops"."Scan"
                   select 100000 + n, 900001, 70000 + n / 2, case when n % 2 = 0 then 'in' else 'out' end from generate_series(1, 1600) n""",
        ),
        drop='drop schema if exists "Freight Ops" cascade',
        query="""select i."parcelNo", o."scanId" from "Freight Ops"."Scan" i join "Freight Ops"."Scan" o on o."parcelNo" = i."parcelNo"
            where i."manifestNo" = 900001 and i.kind = 'in' and o."manifestNo" = 900001 and o.kind = 'out'""",
    ),
    # a city lies in one region of one country: their shares are multiplied all the same
    "correlated": Misestimate(
        subject="listings(country, region, city)",
        application_name="search-api",
        steps=(
            "create table listings (listing_id bigint not null, country text not null, region text not null, city text not null, agent_id bigint not null)",
            """insert into listings
                   select n, 'country-' || n / 650, 'region-' || n / 650, 'city-' || n / 650, n % 500 from generate_series(1, 75000) n""",
            "create index listings_city_idx on listings (city)",
            "vacuum listings",
        ),
        fresh="listings",
        drop="drop table if exists listings cascade",
        query="""select a.listing_id, b.listing_id from listings a join listings b on b.agent_id = a.agent_id
            where a.country = 'country-13' and a.region = 'region-13' and a.city = 'city-13'
            and b.country = 'country-13' and b.region = 'region-13' and b.city = 'city-13'""",
    ),
    # somebody once set the column's target to its minimum: one common value is kept, the second is taken for a rare one
    "coarse": Misestimate(
        subject="metering.readings(batch_ref)",
        application_name="billing-export",
        steps=(
            "create schema metering",
            "create table metering.readings (reading_id bigint not null, batch_ref text not null, meter_id bigint not null)",
            """insert into metering.readings
                   select n, case when n % 3 = 0 then 'live' when n % 45 = 1 then 'backfill' else 'manual-' || n end, n / 100 from generate_series(1, 90000) n""",
            "create index readings_batch_ref_idx on metering.readings (batch_ref)",
            "alter table metering.readings alter column batch_ref set statistics 1",
            "vacuum metering.readings",
        ),
        fresh="metering.readings",
        drop="drop schema if exists metering cascade",
        query="""select a.reading_id, b.reading_id from metering.readings a join metering.readings b on b.meter_id = a.meter_id
            where a.batch_ref = 'backfill' and b.batch_ref = 'backfill'""",
    ),
}
