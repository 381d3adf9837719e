"""A plan node by node, of statements that really run."""

from helpers.postgres.checks.plan_tree import plan_tree
from helpers.postgres.checks.statements_by_total_time import Statement
from helpers.postgres.statements import StatementText
from helpers.results import Status

ITEMS = ('create table "Items" (id int primary key, kind int)', 'insert into "Items" select i, i % 10 from generate_series(1, 50000) i')


async def test_a_sound_plan_is_told_node_by_node(small, small_pg):
    """Parents before children, time where it is spent, nothing masked that is no value."""
    await small.run(*ITEMS, "vacuum analyze")
    found = await plan_tree(small_pg, query='select count(*) from "Items" where kind = 3', analyze=True)
    scan = next(r for r in found if r.target == "Items")
    assert (found.status, scan.node, scan.error < 2, scan.removed_rows) == (Status.OK, "Seq Scan", True, 45000)
    assert (found.rows[0].parent, [r.depth > 0 for r in found.rows[1:]], sum(r.own_pct for r in found) > 99) == (
        None,
        [True] * (len(found) - 1),
        True,
    )


async def test_a_guess_a_hundred_times_off_is_found(small, small_pg):
    """Statistics of before the load."""
    await small.run(*ITEMS, "analyze", 'insert into "Items" select i, 77 from generate_series(50001, 90000) i')
    found = await plan_tree(small_pg, query='select * from "Items" where kind = 77', analyze=True)
    assert (found.status, "expected" in found.summary) == (Status.PROBLEM, True)


async def test_a_spill_is_found(small, small_pg):
    """A sort larger than work_mem."""
    await small.run(*ITEMS, "analyze", f"alter database {small.dsn.rpartition('/')[2]} set work_mem = '64kB'")
    pg = await small_pg.sibling()
    found = await plan_tree(pg, query='select * from "Items" order by kind, id desc', analyze=True)
    assert (found.status, [r.node for r in found if r.spilled_bytes]) == (Status.PROBLEM, ["Sort"])


async def test_stopping_early_is_no_misjudgement(small, small_pg):
    """Under a LIMIT fewer rows come than were expected; under a sort that reads everything a wrong guess still counts."""
    await small.run(*ITEMS, "vacuum analyze")
    found = await plan_tree(small_pg, query='select * from "Items" limit 3', analyze=True)
    assert (found.status, [r.error for r in found]) == (Status.OK, [1.0, None])


async def test_without_analyze_there_are_costs(small, small_pg):
    """A statement with $n is never run."""
    await small.run(*ITEMS, "analyze")
    found = await plan_tree(small_pg, query='select * from "Items" where id = $1')
    first = Statement(1, StatementText("shown", 'select * from "Items" where id = $1'), 1, None, 1, 1, 1, 100, 0, 0, "pg_stat_statements")
    same = await plan_tree(small_pg, query="", statements=[first], analyze=True)
    assert (found.status, found.facts["unit"], found.rows[0].actual_rows) == (Status.OK, "cost", None)
    assert [r.node for r in same] == [r.node for r in found]


async def test_what_cannot_be_explained_is_unknown(small, small_pg, blind_pg):
    """A statement that is none, one this role may not explain, one that would write, and none at all."""
    await small.run(*ITEMS)
    broken, hidden = await plan_tree(small_pg, query="selec 1"), await plan_tree(blind_pg, query='select * from "Items"')
    writes, none = await plan_tree(small_pg, query='delete from "Items"', analyze=True), await plan_tree(small_pg, query=" ")
    assert [f.status for f in (broken, hidden, writes, none)] == [Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN, Status.SKIPPED]
