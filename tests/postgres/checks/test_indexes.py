"""Checks of indexes, each against the condition made for real."""

from helpers.postgres.checks.duplicate_indexes import duplicate_indexes
from helpers.postgres.checks.index_bloat import index_bloat
from helpers.postgres.checks.null_heavy_indexes import null_heavy_indexes
from helpers.postgres.checks.sequential_scans import sequential_scans
from helpers.postgres.checks.unused_indexes import judge as judge_unused
from helpers.postgres.checks.unused_indexes import unused_indexes
from helpers.results import Status

ITEMS = (
    'create table "Items" (id int primary key, "Owner" int, word text unique, maybe int)',
    "insert into \"Items\" select i, i % 100, 'w' || i, case when i % 10 = 0 then i end from generate_series(1, 30000) i",
)


async def test_an_index_without_scans_is_found_when_the_counters_are_old_enough(small, small_pg):
    """The primary key, the unique one, one that is used and one on a foreign key are not."""
    await small.run(
        *ITEMS, 'create index "never used" on "Items" ("Owner", maybe)', 'create index used on "Items" (maybe)',
        "create table parent (id int primary key)", "insert into parent select generate_series(0, 100)",
        'alter table "Items" add foreign key ("Owner") references parent', 'create index of_key on "Items" ("Owner")',
        'create index spare on "Items" (word, maybe)', "vacuum analyze", 'set enable_seqscan = off; select from "Items" where maybe = 10',
    )  # fmt: skip
    found = await unused_indexes(small_pg, min_age_s=0, min_pages=8)
    young = await unused_indexes(small_pg, min_pages=8)
    assert (found.status, [r.index for r in found]) == (Status.PROBLEM, ["spare"])
    assert (young.status, "counters began" in young.reason) == (Status.UNKNOWN, True)


async def test_used_indexes_are_fine(small, small_pg):
    """Nothing to report, however young the counters."""
    await small.run(*ITEMS, "vacuum analyze")
    assert (await unused_indexes(small_pg, min_pages=8)).status == Status.OK


async def test_a_standby_may_be_the_reader(small, small_pg):
    """Its scans are counted there."""
    await small.run(*ITEMS, 'create index spare on "Items" (maybe)', "vacuum analyze")
    rows = (await unused_indexes(small_pg, min_pages=8)).rows
    found = judge_unused(rows, counted_s=1e7, standbys=1, min_age_s=0)
    assert (found.status, "standby" in found.remedy) == (Status.UNKNOWN, True)


async def test_redundant_indexes_are_found(small, small_pg):
    """The same twice, and the first columns of another; other order, condition, method or uniqueness is another index."""
    await small.run(
        *ITEMS, 'create index b on "Items" ("Owner", maybe)', 'create index a on "Items" ("Owner", maybe)', 'create index p on "Items" ("Owner")',
        'create index d on "Items" ("Owner" desc)', 'create index w on "Items" ("Owner") where maybe > 1',
        'create index h on "Items" using hash ("Owner")', 'create index of_key on "Items" (word)', 'create unique index u on "Items" (maybe)',
        'create index e1 on "Items" (lower(word))', 'create  index  e2  on "Items"   ( (lower(word)) )', 'create index m on "Items" (maybe, id)',
    )  # fmt: skip
    found = await duplicate_indexes(small_pg)
    kept = {r.index: (r.kept, r.kind) for r in found}
    assert found.status == Status.PROBLEM
    assert kept == {"a": ("b", "same"), "p": ("b", "prefix"), "of_key": ('"Items_word_key"', "same"), "e2": ("e1", "same")}


async def test_distinct_indexes_are_fine(small, small_pg):
    """A primary key and one more."""
    await small.run(*ITEMS, 'create index a on "Items" ("Owner")')
    assert (await duplicate_indexes(small_pg)).status == Status.OK


async def test_an_index_of_nulls_is_found(small, small_pg, blind_pg):
    """A partial one is not; a role that may not see the column's statistics says so."""
    await small.run(
        *ITEMS, 'create index nulls on "Items" (maybe)', 'create index partly on "Items" (maybe) where maybe is not null', "analyze"
    )
    found, hidden = await null_heavy_indexes(small_pg, min_pages=8), await null_heavy_indexes(blind_pg, min_pages=8)
    fine = await null_heavy_indexes(small_pg, max_null_pct=95, min_pages=8)
    assert (found.status, [r.index for r in found if (r.null_pct or 0) > 50]) == (Status.PROBLEM, ["nulls"])
    assert (hidden.status, "pg_read_all_data" in hidden.remedy, fine.status) == (Status.UNKNOWN, True, Status.OK)


async def test_an_index_mostly_empty_is_found(small, small_pg, blind_pg):
    """Nineteen of twenty rows gone, its pages stay; an index just built is estimated within a quarter."""
    make = "create table {0} as select i as id, 'some text ' || i as word from generate_series(1, 60000) i"
    await small.run(
        make.format('"Thin"'), 'create index thin on "Thin" (id)', 'delete from "Thin" where id % 20 <> 0', 'vacuum "Thin"',
        make.format("solid"), "create index solid_id on solid (id)", "create index solid_word on solid (word)", "analyze",
    )  # fmt: skip
    found, hidden = await index_bloat(small_pg, max_wasted_pct=60), await index_bloat(blind_pg)
    wasted = {r.index: r.wasted_pct for r in found}
    assert (found.status, found.rows[0].index, wasted["thin"] > 60) == (Status.PROBLEM, "thin", True)
    assert (wasted["solid_id"] < 25, wasted["solid_word"] < 25, hidden.status) == (True, True, Status.UNKNOWN)


async def test_a_table_read_whole_again_and_again_is_found(small, small_pg):
    """A small one, and one that is mostly read by index, are not."""
    await small.run(*ITEMS, "create table tiny (a int)", "insert into tiny values (1)", "vacuum analyze")
    fine = await sequential_scans(small_pg)
    await small.run(*['select from "Items" where "Owner" = 1', "select from tiny"] * 25)
    found = await sequential_scans(small_pg)
    await small.run('set enable_seqscan = off; do $$ begin for i in 1..2000 loop perform from "Items" where id = i; end loop; end $$')
    by_index = await sequential_scans(small_pg)
    assert (fine.status, found.status, "Items" in found.summary, "tiny" in found.summary) == (Status.OK, Status.PROBLEM, True, False)
    assert by_index.status == Status.OK
