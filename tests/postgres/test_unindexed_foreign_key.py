"""The judgement of foreign keys, and what it rests on, on a real server of odd names."""

import dataclasses

import asyncpg
import pytest

from helpers.errors import ParameterError, Refused
from helpers.postgres.checks.foreign_keys_by_cost import foreign_keys_by_cost
from helpers.postgres.checks.unindexed_foreign_key import judge, unindexed_foreign_key
from helpers.postgres.connect import Postgres
from helpers.postgres.foreign_keys import ForeignKey, Lookup, read_foreign_keys, run_lookup, sample_keys
from helpers.postgres.parent_writes import slow_parent_write
from helpers.postgres.probes.foreign_key_lookup import ForeignKeyLookup
from helpers.results import Status
from tests.postgres.conftest import at

KEY = ForeignKey(
    oid=1, constraint="c_fkey on child", child="child", parent="parent", columns=["p_id"], parent_columns=["id"], on_delete="no action",
    child_rows=500_000.0, child_bytes=1, parent_rows=100.0, parent_deletes=7, parent_updates=0, unserved=1, served_by="", invalid="",
    building=False, parent_triggers=[], lookup="", keys="", childless="",
)  # fmt: skip
WHOLE = Lookup(80.0, read_rows=500_000.0, whole=True)
QUICK = Lookup(0.02, read_rows=3.0)
MAKE = """
    create schema "Odd Schema";
    create table "Odd Schema"."Pa""rent" ("Id's" int, code char(4), primary key ("Id's", code));
    create table "Odd Schema"."Child" (id int primary key, code char(4), "pId" int, boss int references "Odd Schema"."Child");
    insert into "Odd Schema"."Pa""rent" select n, 'c' || n % 3 from generate_series(1, 600) n;
    insert into "Odd Schema"."Child" select n, 'c' || (1 + n % 500) % 3, 1 + n % 500 from generate_series(1, 20000) n;
    alter table "Odd Schema"."Child" add constraint "to parent" foreign key ("pId", code) references "Odd Schema"."Pa""rent" on delete cascade;
    analyze
"""
PARENT = '"Odd Schema"."Pa""rent"'
SUBJECT = '"Odd Schema"."Child"("pId", code)'


@pytest.fixture
async def admin(own_database):
    connection = await asyncpg.connect(own_database)
    await connection.execute(MAKE)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("changes", "lookup", "given", "wanted"),
    [
        ({}, WHOLE, False, ("PROBLEM", "unindexed_foreign_key", "child(p_id)")),
        ({"parent_deletes": 0}, WHOLE, False, ("UNKNOWN", None, "")),
        ({"parent_deletes": 0}, WHOLE, True, ("PROBLEM", "unindexed_foreign_key", "child(p_id)")),
        ({"unserved": 0, "served_by": "i"}, QUICK, False, ("OK", None, "")),
        ({"unserved": 0, "served_by": "i"}, WHOLE, False, ("UNKNOWN", None, "")),
        ({}, QUICK, True, ("OK", None, "")),
        ({"child_rows": 900.0}, Lookup(0.1, 900.0, True), True, ("OK", None, "")),
        ({"invalid": "broken_idx"}, WHOLE, False, ("PROBLEM", "invalid_index", "broken_idx")),
        ({"building": True}, WHOLE, False, ("UNKNOWN", None, "")),
        ({}, Lookup(10_000.0, whole=True), False, ("PROBLEM", "unindexed_foreign_key", "child(p_id)")),
        ({}, None, True, ("OK", None, "")),
    ],
)
def test_the_judgement(changes, lookup, given, wanted):
    """Named only where a lookup reads a large child, no valid index serves it, and somebody pays."""
    found = judge(dataclasses.replace(KEY, **changes), lookup, [KEY], given=given)
    assert (found.status, found.code, found.subject) == wanted


def test_triggers_of_the_parent_are_said_not_to_be_measured():
    """Deletes may be slow for them."""
    key = dataclasses.replace(KEY, unserved=0, served_by="i", parent_triggers=["audit"])
    assert "audit" in judge(key, QUICK, [key], given=True).against[0]


async def test_it_is_named_as_the_server_quotes_it_with_the_fixes_arguments(admin, own_pg):
    """A composite key over odd names, told from the self-reference beside it."""
    found = await unindexed_foreign_key(own_pg, table=PARENT)
    assert (found.code, found.subject, found.target, found.fix) == (
        "unindexed_foreign_key", SUBJECT, {"table": '"Odd Schema"."Child"', "columns": ['"pId"', "code"]}, "create_index",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ('create index on "Odd Schema"."Child" (code, "pId")', True),
        ('create index on "Odd Schema"."Child" ("pId", code, id)', True),
        ('create index on "Odd Schema"."Child" (id, "pId", code)', False),
        ('create index on "Odd Schema"."Child" ("pId", code) where id > 3', False),
        ('create index on "Odd Schema"."Child" ("pId") include (code)', False),
        ('create index on "Odd Schema"."Child" using brin ("pId", code)', False),
    ],
)
async def test_which_indexes_serve(admin, own_pg, index, serves):
    """The columns in any order at its head; no partial, no other kind."""
    await admin.execute(index)
    key = (await read_foreign_keys(own_pg, PARENT))[0]
    assert (key.unserved == 0) is serves


async def test_an_index_on_one_selective_column_is_enough(admin, own_pg):
    """The lookup is what counts: it reads few rows, so nothing is wrong."""
    await admin.execute('create index on "Odd Schema"."Child" ("pId")')
    assert (await unindexed_foreign_key(own_pg, table=PARENT)).status is Status.OK


async def test_a_parent_nobody_deletes_from_is_not_blamed(admin, own_pg):
    """Unless a person says that its deletes are slow; then rows go, and it is the first."""
    assert (await unindexed_foreign_key(own_pg)).status is not Status.PROBLEM
    other = await asyncpg.connect(own_pg._dsn)
    await other.execute(f"""delete from {PARENT} where "Id's" = 590""")
    await other.close()
    assert (await unindexed_foreign_key(own_pg)).subject == SUBJECT


async def test_the_table_of_costs_names_the_first(admin, own_pg):
    """A PROBLEM only where rows of the parent go, or a person names it."""
    quiet, asked = await foreign_keys_by_cost(own_pg), await foreign_keys_by_cost(own_pg, table=PARENT)
    assert (quiet.status, asked.status, asked.rows[0].columns, asked.rows[0].served_by) == ("OK", "PROBLEM", '"pId", code', "")


async def test_the_keys_looked_up_have_no_child_where_there_are_such(admin, own_pg):
    """Only such a parent can be deleted as it is; and the lookup reads the child as a whole."""
    key = (await read_foreign_keys(own_pg, PARENT))[0]
    keys = await sample_keys(own_pg, key)
    assert all(int(k[0]) > 500 for k in keys)
    lookup = await run_lookup(own_pg, key, keys[0])
    assert (lookup.whole, lookup.read_rows, lookup.waited) == (True, 20_000.0, False)


async def test_the_probe_keeps_to_its_foreign_key_and_locks_no_row(admin, own_pg):
    """Measured again after the index, the same constraint is quick."""
    probe = ForeignKeyLookup(PARENT, samples=8)
    before = await probe.measure({"postgres": own_pg})
    await admin.execute('create index on "Odd Schema"."Child" ("pId", code)')
    after = await probe.measure({"postgres": own_pg})
    assert (probe.constraint, len(before), len(after)) == ('"to parent" on "Odd Schema"."Child"', 8, 8)
    assert max(s.value for s in after) < min(s.value for s in before)


async def test_a_locked_child_is_the_locks_business(admin, own_pg):
    """The lookups fail for the lock, and no foreign key is named."""
    holder = await asyncpg.connect(own_pg._dsn)
    await holder.execute('begin; lock table "Odd Schema"."Child" in access exclusive mode')
    samples = await ForeignKeyLookup(PARENT, samples=8).measure({"postgres": own_pg})
    found = await unindexed_foreign_key(own_pg, table=PARENT)
    holder.terminate()
    assert (any(s.ok for s in samples), found.status) == (False, Status.UNKNOWN)


async def test_no_such_table_is_a_bad_parameter(own_pg):
    """Said before anything is measured; a table that nothing references is fine."""
    with pytest.raises(ParameterError):
        await unindexed_foreign_key(own_pg, table="nowhere")
    assert (await unindexed_foreign_key(own_pg)).status is Status.OK


async def test_without_the_right_to_read_it_is_refused(admin, own_database, sandbox_server):
    """Not healthy: a role without SELECT cannot look rows up."""
    await admin.execute("drop role if exists blind; create role blind login password 'blind-pass'")
    session = await Postgres.connect(at(own_database, user="blind", password="blind-pass"), application_name="runbook:test")
    with pytest.raises(Refused):
        await unindexed_foreign_key(session, table=PARENT)
    await session.close()
    await admin.execute("drop role blind")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (f"""delete from {PARENT} where "Id's" = $1""", True),
        (f"""update {PARENT} set "Id's" = $1 where code = $2""", True),
        (f"""update {PARENT} set ("Id's", code) = ($1, $2)""", True),
        ("""delete from "Odd Schema"."Child" where id = 3""", True),  # its own self-reference
        ("""update "Odd Schema"."Child" set code = $1""", False),
        (f"select * from {PARENT}", False),
        ("delete from nowhere", False),
        ("delete from", False),
    ],
)
async def test_a_slow_write_to_a_parent_is_told_from_its_plan(admin, own_pg, statement, named):
    """A DELETE pays for the lookups, an UPDATE only when it changes what is referred to."""
    found = await slow_parent_write(own_pg, statement)
    assert (found is not None and found.code == "unindexed_foreign_key") is named
