"""schema_drift: two real schemas compared; the migration it proposes makes them equal; what is no drift is not told."""

import asyncpg
import pytest

from helpers.errors import Refused
from helpers.postgres.checks.schema_differences import schema_differences
from helpers.postgres.checks.schema_drift import schema_drift
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.migrate_schema import MigrateSchema
from helpers.postgres.probes.schema_difference_count import SchemaDifferenceCount
from helpers.postgres.schema.catalog import read_schema
from helpers.postgres.schema.type_range import holds_all_of
from helpers.results import Status
from tests.postgres.conftest import at

BASE = 'create table a (id int primary key, x text); create schema "Odd"; create table "Odd"."B" ("no" int); create table "order" (id bigint primary key, "user" int)'
# What only the head has: the change, the subject that names it, its kind.
AHEAD = [
    ("alter table a add y int not null default 7", "a.y", "column missing"),
    ('alter table "order" add "select" text', '"order"."select"', "column missing"),
    ("alter table a add g int generated always as (id * 2) stored", "a.g", "column missing"),
    ('create table "Odd"."C" (id bigint generated always as identity primary key, a_id int references a (id), s text check (s <> \'\')); create index on "Odd"."C" (s)', '"Odd"."C"', "table missing"),
    ("create table l (id serial primary key, r int); create table r (id serial primary key, l int references l); alter table l add foreign key (r) references r", "l", "table missing"),
    ('create schema "New One"; create table "New One".t (id int)', '"New One".t', "table missing"),
    ("create type state as enum ('on', 'off'); create table s (v state not null default 'on')", "s", "table missing"),
    ("create table p (at date not null) partition by range (at)", "p", "table missing"),
    ("alter table a add constraint long check (length(x) > 1)", "a", "constraint missing"),
    ('alter table "Odd"."B" add foreign key ("no") references a (id)', '"Odd"."B"', "constraint missing"),
    ("alter table a add constraint only_once unique (x)", "a", "constraint missing"),
    ("create index on a (lower(x))", "a", "index missing"),
    ('create unique index "By no" on "Odd"."B" ("no") where "no" > 0', '"Odd"."B"', "index missing"),
    ("alter table a alter x set default 'z'", "a.x", "default changed"),
]  # fmt: skip


@pytest.fixture
async def head(sandbox_server, own_database):
    """A second database on the same server; its name."""
    name = own_database.rpartition("/")[2] + " Head"
    admin = await asyncpg.connect(sandbox_server.admin_dsn)
    await admin.execute(f'create database "{name}"')
    yield name
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


async def run(dsn, *statements):
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def head_of(own_database, head):
    return at(own_database, database=head.replace(" ", "%20"))


async def test_every_kind_of_difference_is_told_what_breaks_most_first(own_database, own_pg, head):
    """With the subject and the kind of each; the first of them is the cause's subject."""
    await run(own_database, BASE)
    await run(head_of(own_database, head), BASE, *(change for change, _, _ in AHEAD))
    rows = await schema_differences(own_pg, compare_database=head)
    found = await schema_drift(own_pg, compare_database=head)
    told = {(row.subject, row.kind) for row in rows}
    kinds = list(dict.fromkeys(row.kind for row in rows))
    assert {(subject, kind) for _, subject, kind in AHEAD} - told == set()
    assert kinds == ["table missing", "column missing", "label missing", "default changed", "constraint missing", "index missing"]
    assert (found.code, found.subject, found.fix) == ("schema_drift", rows.rows[0].subject, "migrate_schema")


async def test_its_migration_makes_the_two_equal_and_the_way_back_restores(own_database, own_pg, head):
    """Every statement as proposed, each by itself; the catalog is as before after the way back."""
    await run(own_database, BASE, "insert into a select n, 'x' || n from generate_series(1, 50) n")
    await run(head_of(own_database, head), BASE, *(change for change, _, _ in AHEAD))
    before = await read_schema(own_pg)
    found = await schema_drift(own_pg, compare_database=head)
    preview = await MigrateSchema(**found.target).preview(own_pg)
    await run(own_database, *preview.statements)
    assert (await schema_drift(own_pg, compare_database=head)).status is Status.OK
    await run(own_database, *preview.undo_statements)
    assert [o for o in (await read_schema(own_pg)).objects if o not in before.objects] == []


# The change, what a person does first.
DANGEROUS = {
    "a.n": ("alter table a add n int not null", "update a set n = id"),
    "a.u": ("alter table a add u uuid not null default gen_random_uuid()", "update a set u = gen_random_uuid()"),
    "a.s": ("alter table a add s bigserial", "update a set s = id"),
    "a.x": ("alter table a alter x set not null", "update a set x = ''"),
    '"order"."user"': (
        'alter table "order" alter "user" type boolean using null',
        'alter table "order" alter "user" type boolean using null',
    ),
}


async def test_what_a_person_must_decide_is_left_to_them(own_database, own_pg, head):
    """Said as careful, its statements commented; with the rows filled as they say, they work."""
    await run(own_database, BASE, "insert into a select n, null from generate_series(1, 50) n")
    await run(head_of(own_database, head), BASE, *(change for change, _ in DANGEROUS.values()))
    found = await schema_drift(own_pg, compare_database=head)
    rows = await schema_differences(own_pg, compare_database=head)
    preview = await MigrateSchema(**found.target).preview(own_pg)
    later = [line.removeprefix("--   ") for s in preview.statements if s.startswith("--") for line in s.splitlines()[1:]]
    assert ({row.subject for row in rows}, len(preview.effects)) == (set(DANGEROUS), len(DANGEROUS))
    now = [s for s in preview.statements if not s.startswith("--")]
    await run(own_database, *now, *(first for _, first in DANGEROUS.values()), *(s for s in later if "boolean" not in s))
    assert (await schema_drift(own_pg, compare_database=head)).status is Status.OK


async def test_an_integer_that_is_bigint_elsewhere_gets_the_steps_that_widen_it(own_database, own_pg, head):
    """Not one ALTER that writes the table while nobody can read it."""
    await run(own_database, BASE)
    await run(head_of(own_database, head), BASE, 'alter table "order" alter "user" type bigint')
    found = await schema_drift(own_pg, compare_database=head)
    preview = await MigrateSchema(**found.target).preview(own_pg)
    assert (found.subject, preview.statements[0].startswith("-- 1."), "TYPE bigint" in str(preview.statements)) == (
        '"order"."user"',
        True,
        False,
    )


ENUM = "create type mood as enum ('sad', 'happy'); create table m (is_now mood)"


async def test_labels_of_an_enum(own_database, own_pg, head):
    """Added where they belong; there is no way back."""
    await run(own_database, ENUM)
    await run(head_of(own_database, head), "create type mood as enum ('angry', 'sad', 'so so', 'happy'); create table m (is_now mood)")
    found = await schema_drift(own_pg, compare_database=head)
    preview = await MigrateSchema(**found.target).preview(own_pg)
    await run(own_database, *preview.statements)
    labels = await own_pg.value("select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum")
    assert (found.subject, labels, preview.undo_statements) == ("mood", "angry,sad,so so,happy", [])


async def test_a_stricter_live_schema_is_drift(own_database, own_pg, head):
    """INSERTs of the code that does not know of it fail; a table that was dropped is one that is missing."""
    await run(own_database, BASE, 'alter table a add region text not null; alter table a alter x set not null; drop table "order"')
    await run(head_of(own_database, head), BASE)
    rows = await schema_differences(own_pg, compare_database=head)
    preview = await MigrateSchema(compare_database=head).preview(own_pg)
    await run(own_database, *preview.statements)
    told = [(row.subject, row.kind) for row in rows]
    assert told == [('"order"', "table missing"), ("a.region", "column required"), ("a.x", "not null added")]
    assert (await schema_drift(own_pg, compare_database=head)).status is Status.OK


LIVE = """
    create table t (x text, id bigint default 5, extra int, at date not null default now(), v varchar(50), constraint one unique (id)); create index i on t (x);
    create table p (at date) partition by range (at); create table p_1 partition of p for values from ('2026-01-01') to ('2026-02-01');
    create table n (id serial primary key); create unique index u on n (id, (id + 1)); create unique index k on t (v);
    create extension pg_stat_statements; create table schema_migrations (version text);
    create table f (p_at date); create table old (); create table old_2026 () inherits (old);
    alter table t add constraint ok check (id > 0) not valid;
"""
WANTED = """
    create table t (id int, x text, v varchar(20) unique, at date not null default now(), constraint two unique (id)); create index j on t (x);
    create table p (at date) partition by range (at); create table f (p_at date);
    create sequence numbers; create table n (id int generated by default as identity primary key); create unique index on n (id, (id + 1));
    create table old (); alter table t add constraint ok check (id > 0);
"""


async def test_what_is_no_drift_is_not_told(own_database, own_pg, head):
    """Order, other names of the same rules, extensions, partitions, children, books, wider types, more columns, serial for identity."""
    await run(own_database, LIVE)
    await run(head_of(own_database, head), WANTED)
    found = await schema_drift(own_pg, compare_database=head)
    rows = await schema_differences(own_pg, compare_database=head)
    assert (found.status, rows.status, found.because) == (Status.OK, Status.OK, ())
    assert "t.extra is here only." in found.against


async def test_another_search_path_is_no_drift(sandbox_server, own_database, head):
    """The server writes names by it; both sides are asked with none."""
    sql = "create schema app; create type app.mood as enum ('a'); create table app.t (id serial primary key, m app.mood default 'a', s int references app.t, check (m <> 'a'::app.mood)); create index on app.t (m)"
    await run(own_database, sql, f"alter database {own_database.rpartition('/')[2]} set search_path = app, public")
    await run(head_of(own_database, head), sql)
    pg = await Postgres.connect(own_database)
    same = await schema_drift(pg, compare_database=head)
    await run(own_database, "alter table app.t drop column s")
    found = await schema_drift(pg, compare_database=head)
    await pg.close()
    assert (same.status, found.subject) == (Status.OK, "t.s")


async def test_what_is_left_out_is_not_compared(own_database, own_pg, head):
    """A schema, a relation, by name."""
    await run(own_database, BASE)
    await run(head_of(own_database, head), BASE, 'alter table a add y int; create table "Odd"."C" (id int)')
    one = await schema_drift(own_pg, compare_database=head, ignore=["Odd"])
    none = await schema_drift(own_pg, compare_database=head, ignore=["public.a", '"Odd"."C"'])
    assert (one.subject, one.facts["differences"], none.status) == ("a.y", 1, Status.OK)


async def test_an_invalid_index_is_told_as_what_it_is(own_database, own_pg, head):
    """Where nothing else differs."""
    both = "create table t (id int)"
    await run(own_database, both, "insert into t values (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await run(own_database, "create unique index concurrently only_once on t (id)")
    await run(head_of(own_database, head), both, "create unique index only_once on t (id)")
    found = await schema_drift(own_pg, compare_database=head)
    assert (found.code, found.subject) == ("invalid_index", "only_once")


async def test_a_renamed_column_is_hinted_at(own_database, own_pg, head):
    """What only the live table has stands beside what it lacks."""
    await run(own_database, "create table t (id int, total int)")
    await run(head_of(own_database, head), "create table t (id int, amount int)")
    found = await schema_drift(own_pg, compare_database=head)
    assert (found.subject, any("t.total is here only" in text for text in found.against)) == ("t.amount", True)


async def test_databases_that_share_nothing_are_not_judged(own_database, own_pg, head):
    """A wrong address must not name a cause."""
    await run(own_database, "create table mine (id int)")
    await run(head_of(own_database, head), "create table theirs (id int)")
    found = await schema_drift(own_pg, compare_database=head)
    assert (found.status, found.code) == (Status.UNKNOWN, None)


@pytest.mark.parametrize(("given", "said"), [
    ({}, "Nothing was given"),
    ({"compare_with": "env:NOT_SET_ANYWHERE"}, "not set"),
    ({"compare_with": "postgres://someone:hidden-word@127.0.0.1/x"}, "holds a password"),
    ({"compare_with": "no_such_profile"}, "no profile"),
    ({"compare_database": "no such database"}, "does not exist"),
    ({"compare_database": "postgres"}, "has no tables"),
    ({"migrations": "/no/such/folder"}, "no folder"),
], ids=lambda value: "" if isinstance(value, str) else " ".join(value) or "nothing")  # fmt: skip
async def test_what_cannot_be_compared_is_refused_with_the_reason(own_pg, given, said):
    """So that it becomes UNKNOWN: never healthy, and never a traceback; no password in it."""
    with pytest.raises(Refused, match=said) as refused:
        await schema_drift(own_pg, **given)
    assert (refused.value.remedy != "", "hidden-word" in str(refused.value)) == (True, False)


async def test_the_database_itself_is_not_taken_for_another(own_database, own_pg):
    """A copied address would make every drift look healthy."""
    await run(own_database, BASE)
    with pytest.raises(Refused, match="with itself"):
        await schema_drift(own_pg, compare_database=own_database.rpartition("/")[2])


async def test_the_second_database_is_given_by_reference(own_database, own_pg, head, monkeypatch):
    """Read-only, like every session."""
    await run(own_database, BASE)
    await run(head_of(own_database, head), BASE, "alter table a add y int")
    monkeypatch.setenv("WANTED_URL", head_of(own_database, head))
    found = await schema_drift(own_pg, compare_with="env:WANTED_URL")
    assert (found.subject, found.target["compare_with"]) == ("a.y", "env:WANTED_URL")


async def test_the_probe_sees_a_migration_arrive(own_database, own_pg, head):
    """The live catalog is read again when it changes, and only then."""
    await run(own_database, BASE)
    await run(head_of(own_database, head), BASE, "alter table a add y int", "create index on a (y)")
    probe = SchemaDifferenceCount(window_s=0.8, every_s=0.1, compare_database=head)
    before = await probe.measure({"postgres": own_pg})
    reader = probe.__dict__["_reader"]
    state, drift = await reader.read(own_pg)
    assert (await reader.read(own_pg, (state, drift)))[1] is drift
    await run(own_database, "alter table a add y int; create index on a (y)")
    _, after = await reader.read(own_pg, (state, drift))
    assert ([s.value for s in before], drift.count, after.count) == ([2.0] * 8, 2, 0)


@pytest.mark.parametrize(("wider", "narrower", "holds"), [
    ("bigint", "integer", True), ("integer", "bigint", False), ("text", "character varying(9)", True), ("character varying(9)", "text", False),
    ("character varying(20)", "character varying(9)", True), ("numeric", "numeric(5,2)", True), ("numeric(6,2)", "numeric(5,2)", True),
    ("numeric(6,3)", "numeric(6,2)", False), ("numeric(7,3)", "numeric(6,2)", False), ("timestamp with time zone", "timestamp without time zone", False),
    ("character varying", "text", True), ("text", "integer", False), ("bigint", "numeric", False),
])  # fmt: skip
def test_a_type_that_holds_all_of_another_breaks_nobody(wider, narrower, holds):
    """The same values with the same meaning; another scale would round otherwise."""
    assert holds_all_of(wider, narrower) is holds
