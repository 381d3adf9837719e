"""integer_overflow: judged by the column's type; its migration runs, on real tables."""

import asyncio

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.integer_key_headroom import integer_key_headroom
from helpers.postgres.checks.integer_overflow import Rate, integer_overflow
from helpers.postgres.fixes.raise_sequence_limit import RaiseSequenceLimit
from helpers.postgres.fixes.widen_column import WidenColumn
from helpers.postgres.integer_keys import IntegerKey, read_keys
from helpers.postgres.probes.integer_key_use import IntegerKeyUse
from helpers.postgres.schema.catalog import read_schema
from helpers.results import Status

SERIAL = "create table t (id serial primary key, x text); select setval('t_id_seq', 2147483000); insert into t (x) select 'a' from generate_series(1, 100)"
TRAP = "create sequence s as bigint start 2140000000; create table t (id int not null default nextval('s')); insert into t select from generate_series(1, 10)"
SMALL = (
    "create table t (id smallint generated always as identity primary key); select setval('t_id_seq', 32766); insert into t default values"
)


async def made(dsn, *statements):
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(("sql", "pct"), [(SERIAL, 99), (TRAP, 99), (SMALL, 100)], ids=["serial", "bigint sequence", "smallint"])
async def test_the_column_is_named(own_database, own_pg, sql, pct):
    """By its own type, whatever the sequence's."""
    await made(own_database, sql)
    found = await integer_overflow(own_pg, watch_s=0.1)
    rows = await integer_key_headroom(own_pg)
    assert (found.status, found.code, found.subject) == (Status.PROBLEM, "integer_overflow", "t.id")
    assert (rows.status, rows.rows[0].used_pct >= pct) == (Status.PROBLEM, True)


async def test_a_sequence_behind_the_highest_id_is_not_it(own_database, own_pg):
    """INSERTs fail with duplicate keys, and there is room: said, not named."""
    await made(own_database, "create table t (id serial primary key)", "insert into t values (500), (501)")
    found = await integer_overflow(own_pg, watch_s=0.1)
    assert (found.status, found.code, "behind the highest id 501" in found.summary) == (Status.OK, None, True)


async def test_a_narrower_column_that_refers_to_a_wide_key_ends_first(own_database, own_pg):
    """The key was widened, the reference was forgotten."""
    await made(own_database, "create table t (id bigserial primary key); create table child (t_id int references t (id)); create table other (t_id bigint references t)",
               "select setval('t_id_seq', 2147483600)")  # fmt: skip
    found = await integer_overflow(own_pg, watch_s=0.1)
    assert (found.subject, found.fix, "refers to t.id" in found.because[0]) == ("child.t_id", "widen_column", True)
    preview = await WidenColumn(**found.target).preview(own_pg)
    for step in preview.statements:
        await made(own_database, *_apart(step))
    assert (await integer_overflow(own_pg, watch_s=0.1)).status is Status.OK


async def test_a_sequence_that_ends_before_its_column_is_raised_not_widened(own_database, own_pg):
    """MAXVALUE below the type, or a narrower sequence; the way back restores it."""
    await made(
        own_database,
        'create sequence "Tickets" maxvalue 1000; create table t (id int not null default nextval(\'"Tickets"\')); select setval(\'"Tickets"\', 990)',
    )
    found = await integer_overflow(own_pg, watch_s=0.1)
    assert (found.subject, found.fix, found.facts["left"]) == ("t.id", "raise_sequence_limit", 10)
    preview = await RaiseSequenceLimit(**found.target).preview(own_pg)
    await made(own_database, *preview.statements)
    assert (await integer_overflow(own_pg, watch_s=0.1)).status is Status.OK
    await made(own_database, *preview.undo_statements)
    assert (await integer_overflow(own_pg, watch_s=0.1)).subject == "t.id"


async def test_no_such_sequence_is_bad_input(own_pg):
    """Of no table."""
    with pytest.raises(ParameterError, match="no sequence"):
        await RaiseSequenceLimit("nope", "nope", "id").preview(own_pg)


def test_days_left_rest_on_the_longer_count_where_there_is_one():
    """A quiet moment or a burst says little; a day says more; with neither the rate is not known."""
    assert [
        Rate(per_s, 3.0, inserted, hours * 3600).best_per_s
        for per_s, inserted, hours in ((5, 0, 9), (0, 3600, 1), (5, 86400, 24), (0, 0, 24))
    ] == [5, 1, 1, 0]


@pytest.mark.parametrize("sql", [
    "create table t (id bigserial primary key); select setval('t_id_seq', 4000000000)",
    "create sequence ring as int maxvalue 10 cycle; create table t (id int default nextval('ring')); insert into t select from generate_series(1, 10)",
    "create table t (id int)",
], ids=["bigint", "a ring", "no sequence"])  # fmt: skip
async def test_what_has_room_or_goes_round_is_sound(own_database, own_pg, sql):
    """OK, no cause."""
    await made(own_database, sql)
    assert (await integer_overflow(own_pg, watch_s=0.1)).status is Status.OK


async def test_sequences_that_may_not_be_read_are_unknown(own_database, own_pg, monkeypatch):
    """Not OK: the full one may be among them."""
    hidden = IntegerKey("t", "id", "integer", "s", "integer", None, 2147483647, False, True, "public", "t", "id", 1)
    from helpers.postgres.checks import integer_key_headroom as headroom
    from helpers.postgres.checks.integer_overflow import judge

    assert judge([hidden], used_pct=90).status is Status.UNKNOWN
    assert headroom.judge([hidden], used_pct=90).status is Status.UNKNOWN


async def test_the_rate_gives_the_days_left(own_database, own_pg):
    """From two looks."""
    await made(own_database, SERIAL)
    connection = await asyncpg.connect(own_database)

    async def take():
        while True:
            await connection.execute("select nextval('t_id_seq')")

    taking = asyncio.create_task(take())
    found = await integer_overflow(own_pg, watch_s=0.5)
    taking.cancel()
    connection.terminate()
    await asyncio.gather(taking, return_exceptions=True)
    assert (found.facts["per_s"] > 0, found.facts["days_left"] is not None) == (True, True)


async def test_the_probe_is_the_fullest_columns_share(own_database, own_pg):
    """In per cent of the type."""
    await made(own_database, SMALL)
    samples = await IntegerKeyUse().measure({"postgres": own_pg})
    assert (len(samples) >= 8, {s.value for s in samples}) == (True, {100.0})


SHAPES = {
    "serial with a reference": (
        "create table t (id serial primary key, x text); insert into t (x) select 'a' from generate_series(1, 25000);"
        "create table child (t_id int references t (id)); insert into child select id from t limit 10; select setval('t_id_seq', 2147483647)",
        "t", "id",
    ),
    "identity in another schema": (
        'create schema "Odd One"; create table "Odd One"."T" ("no" int generated by default as identity primary key, x text);'
        """insert into "Odd One"."T" (x) select 'a' from generate_series(1, 300); select setval('"Odd One"."T_no_seq"', 2147483647)""",
        '"Odd One"."T"', "no",
    ),
    "bigint sequence, a unique index": (
        "create sequence s as bigint; create table t (id int not null default nextval('s'), x text); create unique index \"Only once\" on t (id);"
        "insert into t (x) select 'a' from generate_series(1, 300); select setval('s', 2147483647)",
        "t", "id",
    ),
    "all that can rest on a column": (
        "create table t (id smallserial, x text, parent smallint, constraint pk primary key (id, x), constraint once unique (id), check (id > 0 and x <> 'id'));"
        "alter table t add foreign key (parent) references t (id); create index part on t (x, id desc) where id > 5 and x <> 'id'; create index on t (abs(id));"
        "insert into t (x) select 'a' from generate_series(1, 300); create table r (id int, t_x text, t_id smallint, foreign key (t_id, t_x) references t (id, x));"
        "select setval('t_id_seq', 32767)",
        "t", "id",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_migration_it_proposes_runs_and_inserts_work_again(own_database, own_pg, shape):
    """Every step as written, on a table whose INSERTs fail: numbers go on, no rule and no index is lost, and there is room."""
    create, table, column = SHAPES[shape]
    await made(own_database, create)
    before = await resting(own_pg)
    insert = f"insert into {table} (x) values ('new')"
    connection = await asyncpg.connect(own_database)
    with pytest.raises((asyncpg.DataError, asyncpg.SequenceGeneratorLimitExceededError)):
        await connection.execute(insert)
    rows, last = await connection.fetchval(f"select count(*) from {table}"), 32767 if "smallserial" in create else 2147483647
    for step in (await WidenColumn(table, column).preview(own_pg)).statements:
        for statement in _apart(step):
            await connection.execute(statement)
    await connection.execute(insert)
    kept = await connection.fetchrow(f'select count("{column}"), max("{column}") from {table}')
    kind = await connection.fetchval(
        "select format_type(atttypid, null) from pg_attribute where attrelid = $1::regclass and attname = $2", table, column
    )
    await connection.close()
    assert (kind, kept["count"], kept["max"] > last, await resting(own_pg)) == ("bigint", rows + 1, True, before)
    left = await integer_overflow(own_pg, watch_s=0.1)
    assert left.status is Status.OK or "which is wider" in left.because[0], "only what refers to it and was not widened yet"


async def resting(pg):
    """Every rule and index, as the server writes them."""
    schema = await read_schema(pg)
    return sorted(
        (o.relation, o.name, o.definition.replace("(id)::integer", "id"), o.extra, o.required)
        for o in [*schema.of("constraint"), *schema.of("index")]
    )


async def test_what_reads_the_column_by_its_number_is_told(own_database, own_pg):
    """A view would go on showing the old column."""
    await made(own_database, 'create table t (id serial primary key); create view "The View" as select id from t')
    effects = (await WidenColumn("t", "id").preview(own_pg)).effects
    assert "The View" in effects[-1]


async def test_a_partitioned_table_takes_other_steps(own_database, own_pg):
    """Said, instead of steps that would fail half-way."""
    await made(own_database, "create table t (id int, at date) partition by range (at)")
    with pytest.raises(FixFailed, match="partitioned"):
        await WidenColumn("t", "id").preview(own_pg)


async def test_the_steps_can_be_taken_while_the_application_writes(own_database, own_pg):
    """The trigger keeps the wide column equal, so nothing that was written meanwhile is lost."""
    await made(
        own_database,
        "create table t (id serial primary key, x int not null default 0); insert into t select n from generate_series(1, 3000) n; select setval('t_id_seq', 3000)",
    )

    async def writing():
        connection = await asyncpg.connect(own_database)
        try:
            while True:
                await connection.execute("insert into t default values")
                await connection.execute("update t set x = x + 1 where id = 7")
        finally:
            connection.terminate()

    tasks = [asyncio.create_task(writing()) for _ in range(3)]
    connection = await asyncpg.connect(own_database)
    for step in (await WidenColumn("t", "id").preview(own_pg)).statements[:-1]:
        for statement in _apart(step):
            await connection.execute(statement)
    ended = [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    wrong = await connection.fetchval("select count(*) from t where id is null or (id_narrow is not null and id <> id_narrow)")
    await connection.close()
    assert (ended, wrong) == ([], 0)


def _apart(step):
    """CREATE INDEX CONCURRENTLY runs outside a transaction: its statement alone, what is around it together."""
    together = []
    for line in step.splitlines():
        if "CONCURRENTLY" in line:
            if together:
                yield "\n".join(together)
            yield line
            together = []
        else:
            together.append(line)
    if together:
        yield "\n".join(together)


async def test_the_way_back_leaves_nothing(own_database, own_pg):
    """Before the swap: column, trigger and function are gone."""
    await made(own_database, SERIAL)
    preview = await WidenColumn("t", "id").preview(own_pg)
    await made(own_database, *preview.statements[:2], *_apart(preview.statements[2]), *preview.undo_statements)
    keys = await read_keys(own_pg)
    left = await own_pg.fetch("select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped")
    assert (len(keys), [r["attname"] for r in left], await own_pg.value("select count(*) from pg_proc where proname like '%widen'")) == (
        1,
        ["id", "x"],
        0,
    )
