"""A migration that must wait for its lock, who holds that lock, and what everybody else asks of the table meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MIGRATIONS", "Migration"]


@dataclass(frozen=True, slots=True)
class Migration:
    """The DDL statement on `relation`, the session that stands in its way, and the statements that queue behind it.

    `before` are what that session has run when it leaves its transaction open; `works` is what it runs on and on instead.
    `create` and `drop` are for a table of its own; `restore` takes back what the DDL did if it got through.
    """

    relation: str
    ddl: str
    before: str
    asks: tuple[str, ...]
    works: str = ""
    holder: str = "reporting"
    migrator: str = "deploy"
    create: str = ""
    drop: str = ""
    restore: str = ""


MIGRATIONS = {
    "default": Migration(
        relation="orders",
        ddl="alter table orders add column delivery_window text",
        before="begin; select count(*) from orders where id < 1000",
        asks=(
            "select status from orders where id = 7",
            "select id, status from orders where customer_id = 42",
            "update orders set status = status where id = 8",
            "select count(*) from orders o join customers c on c.id = o.customer_id where o.id = 9",
        ),
        restore="alter table orders drop column if exists delivery_window",
    ),
    "other_schema": Migration(
        relation='"Returns Desk"."Return Line"',
        ddl='truncate "Returns Desk"."Return Line"',
        before="begin isolation level repeatable read",
        works='select pg_sleep(3600) from "Returns Desk"."Return Line" limit 1',
        holder="month end",
        migrator="Reset Job",
        asks=(
            """select reason from "Returns Desk"."Return Line" where "lineId" = 7""",
            """insert into "Returns Desk"."Return Line" values (default, 'too large')""",
            """select count(*) from "Returns Desk"."Return Line" where reason = 'broken'""",
        ),
        create="""
            create schema "Returns Desk";
            create table "Returns Desk"."Return Line" ("lineId" bigint generated always as identity primary key, reason text not null);
            insert into "Returns Desk"."Return Line" (reason) select 'broken' from generate_series(1, 300);
            analyze "Returns Desk"."Return Line";""",
        drop='drop schema if exists "Returns Desk" cascade',
    ),
    # SHARE lets readers pass and keeps writers out
    "create_index": Migration(
        relation="orders",
        ddl="create index orders_status_created_at_idx on orders (status, created_at)",
        before="begin; update orders set note = note where id = 11",
        holder="address-import",
        migrator="psql",
        asks=(
            "update orders set status = status where id = 7",
            "update orders set status = status where id = 8",
            "update orders set status = status where id = 9",
            "update orders set paid_at = now() where id = 10",
            "update orders set status = status where id = 12",
        ),
        restore="drop index if exists orders_status_created_at_idx",
    ),
}
