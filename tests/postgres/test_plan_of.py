"""A plan node by node: rows for all loops, own time and blocks, spills as the server says them."""

import pytest
import pytest_asyncio

from helpers.postgres.checks.plan_of import plan_of
from helpers.postgres.connect import Postgres
from helpers.postgres.plans.nodes import nodes_of
from helpers.results import Status
from tests.postgres.conftest import Database, Opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(database: Database) -> Database:
    await database.run(
        "create table parts (id int primary key, kind int, note text)",
        "insert into parts select n, n % 50, repeat(md5(n::text), 4) from generate_series(1, 20000) n",
        "create table bins (id int primary key, part int)",
        "insert into bins select n, n from generate_series(1, 2000) n",
        "vacuum analyze parts, bins",
    )
    return database


async def test_rows_loops_and_blocks_are_those_of_the_whole_statement(filled: Database, pg: Postgres):
    """A nested loop's inner side: rows × loops, as EXPLAIN does not show them; each node's own blocks."""
    found = await plan_of(
        pg, query="select b.id, (select count(*) from parts p where p.id <= b.id and p.id > b.id - 3) from bins b where b.id > 1990"
    )
    inner = next(r for r in found if r.index == "parts_pkey")
    assert (inner.loops, inner.actual_rows, inner.node) == (10, 30, "Index Only Scan")
    assert (inner.shared_blocks > 0, all(r.self_ms is not None and r.self_ms >= 0 for r in found), found.rows[0].depth) == (True, True, 0)


async def test_a_sort_that_spills_is_a_problem(filled: Database, pg: Postgres):
    """More than work_mem: how much went to disk, and the blocks it wrote and read."""
    found = await plan_of(pg, query="select p.*, q.note as more from parts p join parts q on q.id = p.id order by q.note desc, p.note")
    sort = next(r for r in found if r.node == "Sort")
    assert (found.status, "on disk" in sort.spill, sort.temp_blocks > 100, "spills" in found.summary) == (Status.PROBLEM, True, True, True)


async def test_an_estimate_that_is_far_off_is_a_problem(filled: Database, pg: Postgres):
    """The deepest node that is wrong is named: those above it follow."""
    found = await plan_of(pg, query="select * from parts where (kind + 1) % 50 = kind % 50 + 1")
    scan = next(r for r in found if r.node == "Seq Scan")
    assert (found.status, scan.error >= 10, scan.removed_rows, "Seq Scan on public.parts" in found.summary) == (
        Status.PROBLEM,
        True,
        400,
        True,
    )


async def test_what_a_limit_stopped_is_not_called_wrong(filled: Database, pg: Postgres):
    """A scan of 20,000 rows that gave ten because nobody asked for more."""
    found = await plan_of(pg, query="select * from parts limit 10")
    assert (found.status, found.rows[1].estimated_rows, found.rows[1].actual_rows, found.rows[1].error) == (Status.OK, 20_000, 10, None)


@pytest.mark.parametrize("query", ["select * from parts where id = $1", "delete from parts where id = 7", "update parts set kind = 1"])
async def test_what_must_not_run_is_explained_and_unknown(filled: Database, pg: Postgres, query: str):
    """The nodes as expected, nothing measured, and nothing changed."""
    found = await plan_of(pg, query=query)
    assert (found.status, found.rows[-1].actual_rows, "not run" in found.reason) == (Status.UNKNOWN, None, True)
    assert await pg.value("select count(*) from parts where kind <> 1") == 19_600


async def test_what_takes_too_long_is_shown_without_its_run(filled: Database, pg: Postgres):
    """Cut off after its time."""
    found = await plan_of(pg, query="select pg_sleep(5)", timeout_s=0.3)
    assert (found.status, len(found), "not run to its end" in found.reason) == (Status.UNKNOWN, 1, True)


async def test_a_refusal_is_unknown(filled: Database, reading: Opened):
    """No right to read the table, or no SQL at all."""
    await filled.run("create role plan_viewer login password 'secret-plan-viewer'")
    try:
        pg = await reading(filled.as_role("plan_viewer", "secret-plan-viewer"))
        found = [await plan_of(pg, query=query) for query in ("select * from parts", "bring me the parts")]
    finally:
        await filled.run("drop role plan_viewer")
    assert [(f.status, "could not be explained" in f.reason) for f in found] == [(Status.UNKNOWN, True)] * 2


def test_a_parallel_part_is_added_up():
    """Estimates per worker times the planner's divisor, rows of every process, the time of one."""
    scan = {
        "Node Type": "Seq Scan",
        "Parallel Aware": True,
        "Relation Name": "t",
        "Plan Rows": 100,
        "Actual Rows": 80.0,
        "Actual Loops": 3,
        "Actual Total Time": 30.0,
    }
    gather = {"Node Type": "Gather", "Workers Planned": 2, "Workers Launched": 2, "Plan Rows": 240, "Actual Rows": 240, "Actual Loops": 1, "Actual Total Time": 33.0, "Plans": [scan]}  # fmt: skip
    top, below = nodes_of({"Plan": gather})
    assert (below.node, below.estimated_rows, below.actual_rows, below.self_ms, top.self_ms) == ("Parallel Seq Scan", 240, 240, 30.0, 3.0)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"Node Type": "Hash", "Hash Batches": 4}, "4 batches"),
        ({"Node Type": "Aggregate", "Strategy": "Hashed", "HashAgg Batches": 5, "Disk Usage": 1234}, "5 batches, 1,234 kB on disk"),
        (
            {"Node Type": "Sort", "Workers": [{"Sort Space Type": "Disk", "Sort Space Used": 900}]},
            "external merge in a worker, 900 kB on disk",
        ),
        ({"Node Type": "Materialize", "Temp Written Blocks": 10}, "80 kB written"),
        ({"Node Type": "Hash", "Hash Batches": 1, "Temp Written Blocks": 0}, ""),
    ],
)
def test_each_kind_of_spill_is_told(node: dict[str, object], said: str):
    """In the server's own terms."""
    assert nodes_of({"Plan": node})[0].spill == said
