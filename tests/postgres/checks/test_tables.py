"""Checks of tables, each against the condition made for real on a server whose autovacuum sleeps."""

import pytest

from helpers.postgres.checks.dead_rows import dead_rows
from helpers.postgres.checks.disabled_triggers import disabled_triggers
from helpers.postgres.checks.heap_only_updates import heap_only_updates
from helpers.postgres.checks.largest_relations import largest_relations
from helpers.postgres.checks.not_validated_constraints import not_validated_constraints
from helpers.postgres.checks.outdated_statistics import outdated_statistics
from helpers.postgres.checks.table_bloat import table_bloat
from helpers.postgres.checks.wraparound import wraparound
from helpers.results import Status

FILLED = (
    'create table "Order Lines" (id int primary key, word text)',
    "insert into \"Order Lines\" select i, 'w' || i from generate_series(1, 2000) i",
)


async def test_dead_rows_past_autovacuums_threshold_are_found(small, small_pg):
    """After VACUUM they are gone, and the check is quiet."""
    await small.run(*FILLED, 'delete from "Order Lines" where id % 2 = 0')
    found = await dead_rows(small_pg)
    await small.run('vacuum analyze "Order Lines"')
    after = await dead_rows(small_pg)
    assert (found.status, [(r.table, r.dead_rows) for r in found]) == (Status.PROBLEM, [('"Order Lines"', 1000)])
    assert (after.status, len(after)) == (Status.OK, 0)


async def test_a_few_dead_rows_are_normal(small, small_pg):
    """Below the table's own threshold, which it may set higher."""
    await small.run(
        *FILLED, 'delete from "Order Lines" where id % 2 = 0', 'alter table "Order Lines" set (autovacuum_vacuum_threshold = 5000)'
    )
    found = await dead_rows(small_pg)
    assert (found.status, [r.threshold >= 5000 for r in found]) == (Status.OK, [True])


async def test_with_autovacuum_off_the_threshold_itself_counts(small, small_pg):
    """Nobody will come."""
    await small.run(
        *FILLED, "analyze", 'alter table "Order Lines" set (autovacuum_enabled = off)', 'delete from "Order Lines" where id <= 600'
    )
    found = await dead_rows(small_pg)
    assert (found.status, "which is off" in found.summary) == (Status.PROBLEM, True)


async def test_a_changed_table_is_found_until_analyzed(small, small_pg):
    """Its statistics describe another table."""
    await small.run(*FILLED)
    found = await outdated_statistics(small_pg)
    await small.run("analyze")
    after = await outdated_statistics(small_pg)
    assert (found.status, [(r.table, r.changed_rows, r.analyzed_ago_s) for r in found]) == (Status.PROBLEM, [('"Order Lines"', 2000, None)])
    assert after.status == Status.OK


async def test_changes_right_after_analyze_are_not_overdue(small, small_pg):
    """Autovacuum has not had its turn; with autovacuum off it never will."""
    await small.run(*FILLED, "analyze", "update \"Order Lines\" set word = 'x'")
    fresh = await outdated_statistics(small_pg)
    await small.run('alter table "Order Lines" set (autovacuum_enabled = off)')
    never = await outdated_statistics(small_pg)
    assert (fresh.status, never.status) == (Status.OK, Status.PROBLEM)


async def test_transaction_ids_that_are_not_frozen_are_found(small, small_pg):
    """A few hundred of them, judged by a limit of a few hundred; two thousand million would be the real one."""
    await small.run(
        *FILLED,
        "do $$ begin for i in 1..400 loop begin perform pg_current_xact_id(); update \"Order Lines\" set word = '' where id = i; "
        "exception when division_by_zero then null; end; end loop; end $$",
    )
    fine = await wraparound(small_pg)
    found = await wraparound(small_pg, max_factor=300 / 200_000_000)
    assert (fine.status, found.status, {r.kind for r in found}) == (Status.OK, Status.PROBLEM, {"database", "table"})


async def test_updates_that_find_no_room_are_found(small, small_pg):
    """Full pages: every update moves. With room on the page they stay."""
    fill = "insert into {0} select i, repeat('x', 100) from generate_series(1, 3000) i"
    for name, factor in (("tight", 100), ("roomy", 40)):
        await small.run(f"create table {name} (id int primary key, word text) with (fillfactor = {factor})", fill.format(name))
        await small.run(f"update {name} set word = repeat('y', 100)")
    found = await heap_only_updates(small_pg)
    if small_pg.version_num < 160000:
        assert (found.status, found.rows[0].table) == (Status.SKIPPED, "tight")
    else:
        assert (found.status, "tight" in found.summary, "roomy" in found.summary) == (Status.PROBLEM, True, False)


async def test_few_updates_are_not_judged(small, small_pg):
    """Three rows say nothing about a fillfactor."""
    await small.run(*FILLED, 'update "Order Lines" set word = repeat(word, 100) where id < 4')
    assert (await heap_only_updates(small_pg)).status in (Status.OK, Status.SKIPPED)


@pytest.mark.parametrize("constraint", ["check (word <> '')", "foreign key (id) references parent"])
async def test_a_constraint_that_was_never_validated_is_found(small, small_pg, constraint):
    """With the statement that would validate it; then it is quiet."""
    await small.run(
        *FILLED, "create table parent (id int primary key)", f'alter table "Order Lines" add constraint "Is It" {constraint} not valid'
    )
    await small.run('insert into parent select id from "Order Lines"')
    found = await not_validated_constraints(small_pg)
    await small.run(found.rows[0].validate)
    after = await not_validated_constraints(small_pg)
    assert (found.status, [(r.table, r.constraint) for r in found]) == (Status.PROBLEM, [('"Order Lines"', '"Is It"')])
    assert after.status == Status.OK


async def test_a_constraint_meant_not_to_be_enforced_is_fine(small, small_pg):
    """PostgreSQL 18: NOT ENFORCED is never validated, on purpose."""
    if small_pg.version_num < 180000:
        pytest.skip("NOT ENFORCED came with PostgreSQL 18, this server is older")
    await small.run(*FILLED, "alter table \"Order Lines\" add constraint c check (word <> '') not enforced")
    assert (await not_validated_constraints(small_pg)).status == Status.OK


async def test_disabled_triggers_are_found_those_of_foreign_keys_too(small, small_pg):
    """Enabled again, it is quiet."""
    await small.run(
        *FILLED, 'create table child (id int constraint "fk" references "Order Lines")', "alter table child disable trigger all"
    )
    found = await disabled_triggers(small_pg)
    await small.run("alter table child enable trigger all")
    after = await disabled_triggers(small_pg)
    assert (found.status, {(r.table, r.constraint) for r in found}, after.status) == (Status.PROBLEM, {("child", "fk")}, Status.OK)


async def test_relations_are_listed_by_size(small, small_pg):
    """Unknown until something measured them."""
    await small.run("create table none (a int)")
    before = await largest_relations(small_pg)
    await small.run(*FILLED, "analyze")
    after = await largest_relations(small_pg, limit=1)
    assert (before.status, before.remedy != "") == (Status.UNKNOWN, True)
    assert (after.status, after.rows[0].relation, after.rows[0].size_bytes >= 8192 * 8) == (Status.OK, '"Order Lines"', True)


async def test_a_table_mostly_empty_is_found(small, small_pg):
    """Nine rows of ten deleted, the rest spread over all pages; a packed copy of it is not reported."""
    fill = "create table {0} as select i as id, repeat('x', 50) as word from generate_series(1, 40000) i"
    await small.run(
        fill.format('"Big One"'), 'delete from "Big One" where id % 10 <> 0', 'vacuum "Big One"', fill.format("packed"), "analyze"
    )
    found = await table_bloat(small_pg)
    by_name = {r.table: r for r in found}
    assert (found.status, found.rows[0].table, found.facts["method"]) == (Status.PROBLEM, '"Big One"', "estimate")
    assert (by_name['"Big One"'].wasted_pct > 80, abs(by_name["packed"].wasted_pct) < 15) == (True, True)


async def test_bloat_is_unknown_without_statistics(small, small_pg, blind_pg):
    """Never analyzed, or hidden from this role."""
    await small.run("create table t with (autovacuum_enabled = off) as select i as id from generate_series(1, 60000) i", "vacuum t")
    never = await table_bloat(small_pg)
    await small.run("analyze t")
    hidden, seen = await table_bloat(blind_pg), await table_bloat(small_pg)
    assert (never.status, hidden.status, seen.status, "pg_read_all_data" in hidden.remedy) == (
        Status.UNKNOWN,
        Status.UNKNOWN,
        Status.OK,
        True,
    )
