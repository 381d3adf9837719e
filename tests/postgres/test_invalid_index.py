"""An invalid index is rebuilt, dropped, or left to a person, by what it still does; a build in progress is none."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.invalid_index import BrokenIndex, broken_indexes, invalid_index, judge
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.drop_index import DropIndex
from helpers.postgres.fixes.reindex_index import ReindexIndex
from helpers.postgres.fixes.remove_duplicates import RemoveDuplicates
from helpers.postgres.probes.invalid_index_count import InvalidIndexCount
from helpers.postgres.write import PostgresWriter
from helpers.results import Status
from tests.postgres.conftest import Database

BROKEN = BrokenIndex(
    1, "t_a_idx", "public", "t_a_idx", "t", "CREATE INDEX t_a_idx ON public.t USING btree (a)", 8192, False, False, False, False, False, ["a"], "", "", False, False
)  # fmt: skip
UNIQUE = replace(BROKEN, unique=True, duplicates=0)
JUDGED = {
    "none": ((), Status.OK, "", ""),
    "being built": ((replace(BROKEN, at_work=True),), Status.OK, "", ""),
    "a hidden build": ((replace(BROKEN, hidden_build=True),), Status.UNKNOWN, "", ""),
    "a partition lacks its part": ((replace(BROKEN, partitioned=True),), Status.UNKNOWN, "", ""),
    "wanted": ((BROKEN,), Status.PROBLEM, "t_a_idx", "reindex_index"),
    "covered": ((replace(BROKEN, covered_by="t_ab_idx"),), Status.PROBLEM, "t_a_idx", "drop_index"),
    "covered, and a constraint needs it": ((replace(BROKEN, covered_by="x", depended_on=True),), Status.PROBLEM, "t_a_idx", "reindex_index"),
    "unique over unique rows": ((UNIQUE,), Status.PROBLEM, "t_a_idx", "reindex_index"),
    "unique, and nobody counted": ((replace(UNIQUE, duplicates=None),), Status.PROBLEM, "t_a_idx", "reindex_index"),
    "unique over duplicates, enforcing nothing": ((replace(UNIQUE, duplicates=3),), Status.PROBLEM, "t_a_idx", "drop_index"),
    "unique over duplicates, refusing new ones": ((replace(UNIQUE, duplicates=3, ready=True),), Status.PROBLEM, "t_a_idx", "remove_duplicates"),
    "a leftover before the index it was made for": (
        (BROKEN, replace(BROKEN, index="z_ccnew", name="z_ccnew", covered_by="y")), Status.PROBLEM, "z_ccnew", "drop_index",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_what_it_still_does_decides(case: str):
    """Status, subject and fix follow from the catalog alone."""
    rows, status, subject, fix = JUDGED[case]
    found = judge(rows)
    assert (found.status, found.subject, found.fix) == (status, subject, fix), found.summary


def test_others_are_named_beside_the_first():
    """One run deals with one index, and says which are left."""
    assert judge((BROKEN, replace(BROKEN, index="u_idx"))).against == ["u_idx is not valid either: run this again for it"]


@pytest.fixture
async def database_of_its_own(own_database: str):
    database = Database(own_database)
    await database.run(
        'create schema "S s"',
        'create table "S s"."T t" (a int, "B b" int)',
        'insert into "S s"."T t" select n, n from generate_series(1, 2000) n',
        'create index "T a" on "S s"."T t" (a)',
    )
    return database


async def failed(database: Database, *statements: str) -> None:
    with pytest.raises((asyncpg.UniqueViolationError, asyncpg.LockNotAvailableError)):
        await database.run(*statements)


async def fail_late(database: Database) -> None:
    """Let a unique build fail in its second half: while it waits for a writer that came after the first."""
    early, late, builder = [await asyncpg.connect(database.dsn) for _ in range(3)]
    await early.execute('begin; update "S s"."T t" set a = a where a = 1')
    building = asyncio.create_task(builder.execute('create unique index concurrently "late Key" on "S s"."T t" ("B b")'))
    await phase(database, "waiting for writers before build")
    await late.execute('begin; update "S s"."T t" set a = a where a = 2')
    await early.execute("rollback")
    await phase(database, "waiting for writers before validation")
    await early.execute("select pg_cancel_backend(pid) from pg_stat_progress_create_index")
    with pytest.raises(asyncpg.QueryCanceledError):
        await building
    for connection in (early, late, builder):
        await connection.close()


async def phase(database: Database, wanted: str) -> None:
    """Wait for a build's phase, looked at from outside: within a transaction the server shows the same picture again and again."""
    looker = await asyncpg.connect(database.dsn)
    async with asyncio.timeout(20):
        while not await looker.fetchval("select 1 from pg_stat_progress_create_index where phase = $1", wanted):
            await asyncio.sleep(0.02)
    await looker.close()


@pytest.fixture
async def own_writer(own_database: str):
    session = await PostgresWriter.connect(own_database, application_name="runbook:test")
    yield session
    await session.close()


async def test_a_wanted_index_is_rebuilt(database_of_its_own: Database, own_pg: Postgres, own_writer: PostgresWriter):
    """Duplicates that are gone by now: the dry run changes nothing, the rebuild makes it valid, again is a no-op, undo says there is none."""
    await database_of_its_own.run('insert into "S s"."T t" values (1, 1)')
    await failed(database_of_its_own, 'create unique index concurrently "B key" on "S s"."T t" ("B b")')
    await database_of_its_own.run("""delete from "S s"."T t" where ctid in (select max(ctid) from "S s"."T t" where "B b" = 1)""")
    found = await invalid_index(own_pg)
    assert (found.subject, found.fix) == ('"S s"."B key"', "reindex_index")
    fix = ReindexIndex(**found.target)
    preview = await fix.preview(own_pg)
    assert (preview.statements, len(await broken_indexes(own_pg))) == (['REINDEX INDEX CONCURRENTLY "S s"."B key"'], 1)
    await fix.apply(own_writer, preview)
    assert ("valid" in await fix.read_back(own_pg), (await fix.preview(own_pg)).needed, await broken_indexes(own_pg)) == (True, False, [])
    with pytest.raises(FixFailed):
        await fix.undo(own_writer, preview.inverse)


async def test_a_rebuild_that_fails_leaves_nothing_of_its_own(database_of_its_own: Database, own_pg: Postgres, own_writer: PostgresWriter):
    """Duplicates again: the failed rebuild's _ccnew is taken away, somebody else's stays."""
    await database_of_its_own.run('insert into "S s"."T t" values (1, 1)')
    await failed(database_of_its_own, 'create unique index concurrently "B key" on "S s"."T t" ("B b")')
    await failed(database_of_its_own, 'reindex index concurrently "S s"."B key"')
    before = [b.index for b in await broken_indexes(own_pg)]
    fix = ReindexIndex('"S s"."B key"')
    with pytest.raises(FixFailed, match="Nothing is left behind"):
        await fix.apply(own_writer, await fix.preview(own_pg))
    assert (len(before), [b.index for b in await broken_indexes(own_pg)]) == (2, before)


async def test_what_enforces_nothing_over_duplicates_is_dropped(
    database_of_its_own: Database, own_pg: Postgres, own_writer: PostgresWriter
):
    """It cannot be rebuilt; its drop loses nothing, and its undo, run twice, leaves it as it was."""
    await database_of_its_own.run('insert into "S s"."T t" values (1, 1)')
    await failed(database_of_its_own, 'create unique index concurrently "B key" on "S s"."T t" ("B b")')
    found = await invalid_index(own_pg)
    assert (found.fix, found.facts["duplicates"]) == ("drop_index", 1)
    fix = DropIndex(**found.target)
    preview = await fix.preview(own_pg)
    assert preview.undo_statements == ['CREATE UNIQUE INDEX CONCURRENTLY "B key" ON "S s"."T t" USING btree ("B b")']
    await fix.apply(own_writer, preview)
    assert (await fix.read_back(own_pg), await broken_indexes(own_pg), (await fix.preview(own_pg)).needed) == (
        '"S s"."B key" is gone.',
        [],
        False,
    )
    await fix.undo(own_writer, preview.inverse)
    await fix.undo(own_writer, preview.inverse)
    assert [(b.index, b.ready) for b in await broken_indexes(own_pg)] == [('"S s"."B key"', False)]


async def test_what_refuses_duplicates_stays(database_of_its_own: Database, own_pg: Postgres):
    """A unique build that failed late over duplicates: the steps are proposed, and a drop is refused."""
    await database_of_its_own.run('insert into "S s"."T t" values (9, 1)')
    # the duplicate is seen by the build itself, so it comes while the index is not ready yet and goes unseen
    await database_of_its_own.run("""delete from "S s"."T t" where a = 9 and "B b" = 1""")
    await fail_late(database_of_its_own)
    [late] = await broken_indexes(own_pg)
    found = judge([replace(late, duplicates=1)])
    assert (late.ready, found.fix, found.subject) == (True, "remove_duplicates", '"S s"."late Key"')
    with pytest.raises(FixFailed, match="refuses new duplicates"):
        await DropIndex(found.subject).preview(own_pg)
    proposal = RemoveDuplicates(**found.target)
    preview = await proposal.preview(own_pg)
    assert ("GROUP BY" in proposal.patch(preview), preview.statements[-1]) == (True, 'REINDEX INDEX CONCURRENTLY "S s"."late Key"')


async def test_a_leftover_of_a_rebuild_is_dropped_for_good(database_of_its_own: Database, own_pg: Postgres, own_writer: PostgresWriter):
    """The original is valid, so the undo has nothing to bring back."""
    holder = await asyncpg.connect(database_of_its_own.dsn)
    await holder.execute('begin; update "S s"."T t" set a = a where a = 1')
    await failed(database_of_its_own, "set lock_timeout = '100ms'", 'reindex index concurrently "S s"."T a"')
    await holder.close()
    found = await invalid_index(own_pg)
    assert (found.subject, found.fix, found.facts["covered_by"]) == ('"S s"."T a_ccnew"', "drop_index", '"S s"."T a"')
    fix = DropIndex(**found.target)
    preview = await fix.preview(own_pg)
    await fix.apply(own_writer, preview)
    await fix.undo(own_writer, preview.inverse)
    assert (await broken_indexes(own_pg), await own_pg.value("select count(*) from pg_indexes where schemaname = 'S s'")) == ([], 1)


async def test_a_wider_index_covers_it(database_of_its_own: Database, own_pg: Postgres):
    """(a) left invalid beside a valid (a, b): dropped; a partial one beside a whole one is wanted still."""
    await database_of_its_own.run('create index "T ab" on "S s"."T t" (a, "B b")', 'drop index "S s"."T a"')
    holder = await asyncpg.connect(database_of_its_own.dsn)
    await holder.execute('begin; update "S s"."T t" set a = a where a = 1')
    await failed(database_of_its_own, "set lock_timeout = '100ms'", 'create index concurrently "T a2" on "S s"."T t" (a)')
    await failed(database_of_its_own, "set lock_timeout = '100ms'", 'create index concurrently "T part" on "S s"."T t" (a) where a > 5')
    await holder.close()
    assert {b.name: b.covered_by for b in await broken_indexes(own_pg)} == {"T a2": '"S s"."T ab"', "T part": ""}


async def test_a_build_in_progress_is_no_fault(database_of_its_own: Database, own_pg: Postgres):
    """Not valid yet: OK, counted as none, by name or not; and a drop that waits is no fault either."""
    holder, builder = await asyncpg.connect(database_of_its_own.dsn), await asyncpg.connect(database_of_its_own.dsn)
    await holder.execute('begin; update "S s"."T t" set a = a where a = 1')
    building = asyncio.create_task(builder.execute('create index concurrently slow on "S s"."T t" ("B b")'))
    await phase(database_of_its_own, "waiting for writers before build")
    found = await invalid_index(own_pg)
    samples = await InvalidIndexCount(0.2, 0.1).measure({"postgres": own_pg})
    await holder.execute("rollback")
    await building
    await holder.execute('begin; update "S s"."T t" set a = a where a = 1')
    dropping = asyncio.create_task(builder.execute('drop index concurrently "S s".slow'))
    async with asyncio.timeout(20):
        while not (going := await broken_indexes(own_pg)):
            await asyncio.sleep(0.02)
    await holder.execute("rollback")
    await dropping
    await holder.close()
    await builder.close()
    assert (found.status, "at work" in found.summary, [s.value for s in samples], [b.at_work for b in going]) == (
        Status.OK,
        True,
        [0.0, 0.0],
        [True],
    )


async def test_only_the_index_that_is_named_is_counted(database_of_its_own: Database, own_pg: Postgres):
    """Another one that is invalid does not count."""
    await database_of_its_own.run('insert into "S s"."T t" values (1, 1)')
    await failed(database_of_its_own, 'create unique index concurrently "B key" on "S s"."T t" ("B b")')
    counted = [await InvalidIndexCount(index=name).look(own_pg) for name in ("", '"S s"."B key"', '"S s"."T a"')]
    assert counted == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("fix", [DropIndex('"S s"."T a"'), DropIndex('"S s"."T t"; drop'), ReindexIndex("nothing"), RemoveDuplicates('"S s"."T a"')])  # fmt: skip
async def test_what_is_valid_or_no_index_is_refused(database_of_its_own: Database, own_pg: Postgres, fix: DropIndex):
    """A valid index is never dropped; what is not there is not touched."""
    try:
        preview = await fix.preview(own_pg)
    except (FixFailed, ParameterError):
        return
    assert not preview.needed
