"""How a live schema can be behind: what it has, what the migration would bring, and what the new code asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LIVE_ONLY", "LIVE_ONLY_UNDO", "VARIANTS", "Behind"]


@dataclass(frozen=True, slots=True)
class Behind:
    """`live` is made in both databases, `migration` in `database` only; `undo` takes all of it away. `files` are Alembic revisions."""

    subject: str
    statement: str
    undo: str
    live: str = ""
    migration: str = ""
    database: str = ""
    files: dict[str, str] = field(default_factory=dict)


# Only the live database has these, and no code minds.
LIVE_ONLY = """
    alter table customers add column imported_from text;
    create index customers_country_idx on customers (country);
    create table import_log (id bigint generated always as identity primary key, at timestamptz not null default now())
"""
LIVE_ONLY_UNDO = """
    alter table customers drop column if exists imported_from;
    drop index if exists customers_country_idx;
    drop table if exists import_log
"""

_SALES = """
    create schema "Sales";
    create table "Sales"."Invoice" (
        "invoiceNo" bigint generated always as identity primary key, "orderId" bigint not null, "amountDue" integer not null, note varchar(40)
    );
    create index on "Sales"."Invoice" ("orderId");
    insert into "Sales"."Invoice" ("orderId", "amountDue") select n, 100 * n from generate_series(1, 500) n
"""

VARIANTS = {
    "default": Behind(
        subject="orders.discount_cents",
        statement="select id, discount_cents from orders where id = 1",
        undo="alter table orders drop column if exists discount_cents; drop index if exists orders_paid_at_idx",
        migration="""
            alter table orders add column discount_cents integer not null default 0;
            create index orders_paid_at_idx on orders (paid_at) where paid_at is not null""",
        database="shop_next",
    ),
    "other_schema": Behind(
        subject='"Sales"."Invoice"."amountDue"',
        statement="""select "invoiceNo", "amountDue" from "Sales"."Invoice" where "orderId" = 7""",
        undo="""drop schema if exists "Sales" cascade""",
        live=_SALES,
        migration="""alter table "Sales"."Invoice" alter column "amountDue" type bigint, alter column note type varchar(20)""",
        database="Shop head",
    ),
    "missing_table": Behind(
        subject="refunds",
        statement="select r.id from refunds r where r.order_id = 1",
        undo="drop table if exists refunds; drop type if exists refund_state",
        migration="""
            create type refund_state as enum ('asked', 'paid');
            create table refunds (
                id serial primary key, order_id bigint not null references orders (id), state refund_state not null default 'asked',
                amount_cents integer not null check (amount_cents > 0)
            );
            create index on refunds (order_id)""",
        database="shop_next",
    ),
    "pending_migration": Behind(
        subject="migration 7c31_add_loyalty_points",
        statement="select id, loyalty_points from customers where id = 1",
        undo="drop table if exists alembic_version; alter table customers drop column if exists loyalty_points",
        live="create table alembic_version (version_num varchar(32) primary key); insert into alembic_version values ('4b20')",
        files={
            "1a07_shop.py": 'revision = "1a07"\ndown_revision = None\n',
            "4b20_customers_by_country.py": 'revision: str = "4b20"\ndown_revision: str | None = "1a07"\n',
            "7c31_add_loyalty_points.py": 'revision: str = "7c31"\ndown_revision: str | None = "4b20"\n',
            "9d55_backfill_loyalty_points.py": 'revision: str = "9d55"\ndown_revision: str | None = "7c31"\n',
        },
    ),
}
