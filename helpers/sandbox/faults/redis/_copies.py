"""What a cache and its table are in each variant of a stale cache: how they are made, and what is changed past the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["COPIES", "Copied"]

Row = Sequence[Any]
Commands = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Copied:
    """`make` the table, cache the rows of `rows` as `cached` writes them, then run `change`, which no invalidation follows."""

    subject: str
    make: str
    rows: str
    cached: Callable[[Row], Commands]
    keys: str
    change: str
    undo: str
    parameters: dict[str, Any] = field(default_factory=dict)


def _article(row: Row) -> Commands:
    number, title, price, stock, at = row
    said = {"id": number, "title": title, "priceCents": price, "inStock": stock, "updatedAt": at.isoformat().replace("+00:00", "Z")}
    return [("SET", f"article:{number}", json.dumps(said), "EX", 3600 + number)]


def _price(row: Row) -> Commands:
    key = f"Price/{row[0]}"
    amount = "" if row[1] is None else f"{row[1]:f}"
    return [("HSET", key, "netAmount", amount, "currency", row[2], "taxGroup", str(row[3]))]


def _switch(row: Row) -> Commands:
    return [("SET", f"ff|{row[0]}", "on" if row[1] else "off")]


COPIES = {
    "default": Copied(
        subject="article:{id} ↔ articles",
        make="""
            create table articles (id bigint primary key, title text not null, price_cents integer not null, in_stock boolean not null,
                supplier_note text, updated_at timestamptz not null default now());
            insert into articles select n, 'Article ' || n, 100 + n * 7, n % 3 > 0, md5(n::text), now() - n * interval '1 hour'
            from generate_series(1, 700) n;
            create table articles_archive as select * from articles;
            alter table articles_archive add primary key (id)""",
        rows="select id, title, price_cents, in_stock, updated_at from articles where id % 5 < 3",
        cached=_article,
        keys="article:*",
        change="update articles set price_cents = price_cents + 50, updated_at = now() where id % 7 = 0",
        undo="drop table if exists articles, articles_archive",
    ),
    "hashes": Copied(
        subject='Price/{id} ↔ "Shop Data"."Price List"',
        make="""
            create schema "Shop Data";
            create table "Shop Data"."Price List" ("Price Id" uuid primary key, "Net Amount" numeric(10,3), currency varchar(3) not null,
                "taxGroup" smallint not null);
            insert into "Shop Data"."Price List" select gen_random_uuid(), case when n % 11 > 0 then n * 1.25 end, 'EUR', n % 4
            from generate_series(1, 240) n""",
        rows='select "Price Id"::text, "Net Amount", currency, "taxGroup" from "Shop Data"."Price List"',
        cached=_price,
        keys="Price/*",
        change="""
            update "Shop Data"."Price List" set "Net Amount" = coalesce("Net Amount", 0) + 1, currency = 'CHF' where "taxGroup" = 1;
            delete from "Shop Data"."Price List" where "Net Amount" > 290""",
        undo='drop schema if exists "Shop Data" cascade',
    ),
    "flags": Copied(
        subject='ff|{name} ↔ "Release"."Switches"',
        make="""
            create schema "Release";
            create table "Release"."Switches" ("switchName" text primary key, "isOn" boolean not null, "isPublic" boolean not null default false);
            insert into "Release"."Switches" select name, n % 2 = 0 from unnest(array['checkout_v2', 'dark_mode', 'fast_search', 'gift_cards',
                'guest_login', 'new_menu', 'one_click', 'pickup', 'price_alerts', 'reviews', 'size_advice', 'wish_lists']) with ordinality t(name, n)""",
        rows='select "switchName", "isOn" from "Release"."Switches"',
        cached=_switch,
        keys="ff|*",
        change="""update "Release"."Switches" set "isOn" = not "isOn" where "switchName" in ('new_menu', 'pickup')""",
        undo='drop schema if exists "Release" cascade',
        parameters={"pattern": "ff|{name}", "table": '"Release"."Switches"', "fields": "=isOn"},
    ),
}
