"""Parent tables whose children lack the index of their foreign key, and the clients that delete parents."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PARENTS", "Parent"]


@dataclass(frozen=True, slots=True)
class Parent:
    """Two tables and a foreign key: how to make and drop them, one parent's life, and the lookup that its end costs (EXPLAIN's text)."""

    subject: str
    application_name: str
    create: str
    drop: str
    insert: str
    delete: str
    lookup: str


PARENTS = {
    "default": Parent(
        subject="shipment_events(shipment_id)",
        application_name="shipment-archive",
        create="""
            create table shipments (id bigint primary key, carrier text not null, sent_at timestamptz not null);
            create table shipment_events (id bigint primary key, shipment_id bigint not null, at timestamptz not null, what text not null);
            insert into shipments select n, 'carrier ' || n % 7, now() - n * interval '1 hour' from generate_series(1, 4000) n;
            insert into shipment_events select n, 1 + n % 3000, now() - n * interval '1 minute', 'scanned at depot ' || n % 90 from generate_series(1, 250000) n;
            create index shipment_events_at_idx on shipment_events (at);
            alter table shipment_events add foreign key (shipment_id) references shipments (id);
            analyze shipments, shipment_events;""",
        drop="drop table if exists shipment_events, shipments cascade",
        insert="insert into shipments values ($1, 'carrier 1', now())",
        delete="delete from shipments where id = $1",
        lookup="select from only shipment_events x where 3999::bigint = x.shipment_id",
    ),
    "composite": Parent(
        subject='"Fleet Ops"."GPS Ping"("tenantId", "vehicleId")',
        application_name="fleet-admin",
        create="""
            create schema "Fleet Ops";
            create table "Fleet Ops"."Vehicle" ("tenantId" integer, "vehicleId" bigint, plate text, primary key ("tenantId", "vehicleId"));
            create table "Fleet Ops"."GPS Ping" ("pingId" bigint primary key, "tenantId" integer not null, "vehicleId" bigint not null, speed real);
            insert into "Fleet Ops"."Vehicle" select n % 3, n, 'X-' || n from generate_series(1, 2500) n;
            insert into "Fleet Ops"."GPS Ping" select n, (1 + n % 2000) % 3, 1 + n % 2000, n % 130 from generate_series(1, 180000) n;
            create index "Fast Pings" on "Fleet Ops"."GPS Ping" ("vehicleId", "tenantId") where speed > 120;
            alter table "Fleet Ops"."GPS Ping" add foreign key ("tenantId", "vehicleId") references "Fleet Ops"."Vehicle" on delete cascade;
            analyze "Fleet Ops"."Vehicle", "Fleet Ops"."GPS Ping";""",
        drop='drop schema if exists "Fleet Ops" cascade',
        insert="""insert into "Fleet Ops"."Vehicle" values (0, $1, 'new')""",
        delete="""delete from "Fleet Ops"."Vehicle" where "tenantId" = 0 and "vehicleId" = $1""",
        lookup="""select from only "Fleet Ops"."GPS Ping" x where 1 = x."tenantId" and 2497::bigint = x."vehicleId" """,
    ),
    "partitioned": Parent(
        subject="metering.readings(meter_id)",
        application_name="meter-cleanup",
        create="""
            create schema metering;
            create table metering.meters (id bigint primary key, place text not null);
            create table metering.readings (meter_id bigint, at timestamptz not null, kwh real not null) partition by range (at);
            create table metering.readings_2026_01 partition of metering.readings for values from ('2026-01-01') to ('2026-02-01');
            create table metering.readings_2026_02 partition of metering.readings for values from ('2026-02-01') to ('2026-03-01');
            create table metering.readings_2026_03 partition of metering.readings for values from ('2026-03-01') to ('2026-04-01');
            insert into metering.meters select n, 'street ' || n from generate_series(1, 900) n;
            insert into metering.readings select 1 + n % 600, timestamptz '2026-01-01' + n * interval '24 seconds', n % 9 from generate_series(1, 300000) n;
            create index readings_2026_01_meter_idx on metering.readings_2026_01 (meter_id);
            alter table metering.readings add foreign key (meter_id) references metering.meters on delete set null;
            analyze metering.meters, metering.readings;""",
        drop="drop schema if exists metering cascade",
        insert="insert into metering.meters values ($1, 'new street')",
        delete="delete from metering.meters where id = $1",
        lookup="select from metering.readings x where 899::bigint = x.meter_id",
    ),
}
