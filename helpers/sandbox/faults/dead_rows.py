"""Tables full of dead rows, and what keeps them: a session, a prepared transaction, or the table's own settings."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEAPS", "Heap"]


@dataclass(frozen=True, slots=True)
class Heap:
    """One table: how to make it and drop it, the update of every row and how often it is run, and what holds the dead rows.

    Where nothing holds a snapshot, the column is indexed: otherwise every page would be pruned by the next update of it.
    `hold` are statements of a session of `application_name` that stays open; `gid` names a prepared transaction instead.
    """

    table: str
    create: str
    drop: str
    update: str
    times: int
    application_name: str = ""
    hold: str = ""
    gid: str = ""


HEAPS = {
    "default": Heap(
        table="carts",
        create="""
            create table carts (id bigint primary key, items integer not null default 0, touched_at timestamptz not null default now());
            insert into carts (id) select n from generate_series(1, 1500) n; analyze carts;""",
        drop="drop table if exists carts cascade",
        update="update carts set items = items + 1, touched_at = now()",
        times=20,
        application_name="nightly-export",
        hold="begin isolation level repeatable read; select count(*) from customers",
    ),
    "autovacuum_off": Heap(
        table='"Job Queue"."Task"',
        create="""
            create schema "Job Queue";
            create table "Job Queue"."Task" ("taskId" bigint primary key, state text not null default 'new', tries integer not null default 0)
                with (fillfactor = 90, autovacuum_enabled = off, autovacuum_analyze_scale_factor = 0.05);
            create index on "Job Queue"."Task" (tries);
            insert into "Job Queue"."Task" select n from generate_series(1, 4000) n; analyze "Job Queue"."Task";""",
        drop='drop schema if exists "Job Queue" cascade',
        update="""update "Job Queue"."Task" set tries = tries + 1""",
        times=12,
    ),
    "open_write": Heap(
        table="stats.page_views",
        create="""
            create schema stats;
            create table stats.page_views (page text primary key, views bigint not null default 0);
            create table stats.imports (id bigint primary key, started_at timestamptz not null);
            insert into stats.page_views select '/page/' || n from generate_series(1, 12000) n; analyze stats.page_views;""",
        drop="drop schema if exists stats cascade",
        update="update stats.page_views set views = views + 1",
        times=6,
        application_name="import_2",
        hold="begin; insert into stats.imports values (1, now())",
    ),
    "prepared": Heap(
        table="ledger_lines",
        create="""
            create table ledger_lines (id bigint primary key, booked integer not null default 0);
            create table ledger_notes (id bigint primary key);
            insert into ledger_lines select n from generate_series(1, 2500) n; analyze ledger_lines;""",
        drop="drop table if exists ledger_lines, ledger_notes cascade",
        update="update ledger_lines set booked = booked + 1",
        times=10,
        hold="begin; insert into ledger_notes values (1)",
        gid="transfer-0815's",
    ),
    "thresholds": Heap(
        table="presence",
        create="""
            create table presence (id bigint primary key, seen integer not null default 0)
                with (autovacuum_vacuum_threshold = 100000000, autovacuum_vacuum_scale_factor = 10);
            create index on presence (seen);
            insert into presence select n from generate_series(1, 3000) n; analyze presence;""",
        drop="drop table if exists presence cascade",
        update="update presence set seen = seen + 1",
        times=15,
    ),
}
