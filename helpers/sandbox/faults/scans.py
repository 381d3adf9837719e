"""Tables of every kind that lack one index, and the statement that suffers from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["SCANS", "Scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """A table without an index: how to make and drop it, the traffic on it, and the index it lacks."""

    table: str
    subject: str
    application_name: str
    create: str
    drop: str
    query: str
    statement: str
    arguments: tuple[Any, ...]


SCANS = {
    "mixed_case": Scan(
        table='"Sales Ops"."Order"',
        subject='"Sales Ops"."Order"("customerId")',
        application_name="sales-ops",
        create="""
            create schema "Sales Ops";
            create table "Sales Ops"."Order" ("orderId" bigint primary key, "customerId" bigint not null, "placedAt" timestamptz not null, memo text);
            insert into "Sales Ops"."Order" select n, n % 12000, now() - n * interval '1 minute', md5(n::text) || repeat('x', 128) from generate_series(1, 240000) n;""",
        drop='drop schema if exists "Sales Ops" cascade',
        query="""select "orderId", "placedAt" from "Sales Ops"."Order" where "customerId" = 4242""",
        statement="""select "orderId", "placedAt" from "Sales Ops"."Order" where "customerId" = $1""",
        arguments=(4242,),
    ),
    "partitioned": Scan(
        table="ledger.entries",
        subject="ledger.entries(account_id)",
        application_name="ledger-sync",
        create="""
            create schema ledger;
            create table ledger.entries (id bigint not null, account_id bigint not null, booked_at timestamptz not null, memo text)
                partition by range (booked_at);
            create table ledger.entries_2026_01 partition of ledger.entries for values from ('2026-01-01') to ('2026-02-01');
            create table ledger.entries_2026_02 partition of ledger.entries for values from ('2026-02-01') to ('2026-03-01');
            create table ledger.entries_2026_03 partition of ledger.entries for values from ('2026-03-01') to ('2026-04-01');
            create table ledger.entries_2026_04 partition of ledger.entries for values from ('2026-04-01') to ('2026-05-01');
            insert into ledger.entries
                select n, n % 9000, timestamptz '2026-01-01' + n * interval '42 seconds', md5(n::text) || repeat('x', 128) from generate_series(1, 240000) n;""",
        drop="drop schema if exists ledger cascade",
        query="select id, booked_at from ledger.entries where account_id = 777",
        statement="select id, booked_at from ledger.entries where account_id = $1",
        arguments=(777,),
    ),
    "expression": Scan(
        table="accounts",
        subject="accounts(lower(email))",
        application_name="signup-api",
        create="""
            create table accounts (id bigint primary key, email text not null, memo text);
            create unique index accounts_email_key on accounts (email);
            insert into accounts select n, 'User' || n || '@Example.com', md5(n::text) || repeat('x', 128) from generate_series(1, 200000) n;""",
        drop="drop table if exists accounts cascade",
        query="select id, email from accounts where lower(email) = 'user4242@example.com'",
        statement="select id, email from accounts where lower(email) = $1",
        arguments=("user4242@example.com",),
    ),
    "multicolumn": Scan(
        table="events",
        subject="events(tenant_id, created_at)",
        application_name="metrics-api",
        create="""
            create table events (id bigint primary key, tenant_id int not null, created_at timestamptz not null, kind text not null, memo text);
            insert into events
                select n, n % 40, timestamptz '2026-01-01' + n * interval '30 seconds', 'kind-' || n % 5, md5(n::text) || repeat('x', 128) from generate_series(1, 240000) n;""",
        drop="drop table if exists events cascade",
        query="select id, kind from events where tenant_id = 7 and created_at >= '2026-03-24 00:00:00+00'",
        statement="select id, kind from events where tenant_id = $1 and created_at >= $2::text::timestamptz",
        arguments=(7, "2026-03-24 00:00:00+00"),
    ),
    "partial": Scan(
        table="jobs",
        subject="jobs(status, queue)",
        application_name="job-runner",
        create="""
            create table jobs (id bigint primary key, queue text not null, status text not null, run_at timestamptz not null, payload text);
            insert into jobs
                select n, 'queue-' || n / 400 % 20, case when n % 400 = 0 then 'failed' else 'done' end, now(), md5(n::text) || repeat('x', 128) from generate_series(1, 240000) n;""",
        drop="drop table if exists jobs cascade",
        query="select id, run_at from jobs where status = 'failed' and queue = 'queue-0'",
        statement="select id, run_at from jobs where status = 'failed' and queue = $1",
        arguments=("queue-0",),
    ),
}
