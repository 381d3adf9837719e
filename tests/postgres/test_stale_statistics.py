"""Statistics are blamed only where a better plan was there to be chosen, and each kind of wrong has its own fix."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from helpers.errors import FixFailed, ParameterError
from helpers.postgres.checks.stale_statistics import stale_statistics
from helpers.postgres.connect import Postgres
from helpers.postgres.fixes.analyze_table import AnalyzeTable
from helpers.postgres.fixes.create_statistics import CreateStatistics
from helpers.postgres.fixes.set_statistics_target import SetStatisticsTarget
from helpers.postgres.plans.facts import Alternative, Column, Index, Read, StatementFacts, Table
from helpers.postgres.plans.judge import judge
from helpers.postgres.plans.predicate import terms_of
from helpers.postgres.plans.scans import Scan
from helpers.postgres.write import PostgresWriter
from helpers.sandbox.faults.misestimates import MISESTIMATES
from helpers.sandbox.faults.postgres.stale_statistics import _analyzed
from tests.postgres.conftest import Database, Opened
from tests.postgres.test_missing_index import given

COLUMNS = {n: Column(n, n, "text", attnum=i) for i, n in enumerate(("country", "city", "note"), 1)}
TABLE = Table("places", 100_000.0, 50_000_000, COLUMNS, (Index("places_city_idx", ("city",)),), 0.0, 60.0)
CITY, COUNTRY = "(p.city = 'a'::text)", "(p.country = 'b'::text)"
SCAN = Scan(
    "Index Scan", "public", "places", "p", index="places_city_idx", actual_rows=2000, removed_rows=20_000, join_kinds=("Nested Loop",)
)


def read(condition: str = CITY, **changes: object) -> Read:
    values = {"table": TABLE, "scans": (SCAN,), "read_rows": 1_000_000.0, "kept_rows": 2000.0, "estimated_rows": 1.0, "error": 2000.0}
    return Read(terms=tuple(terms_of(condition, "p")), how="measured", **{**values, **changes})


def facts(*reads: Read, better_ms: float | None = 10.0) -> StatementFacts:
    better = None if better_ms is None else Alternative("a nested loop", better_ms)
    return StatementFacts("select 1", reads or (read(),), actual=True, execution_ms=1000.0, alternative=better, tried=("a nested loop",))


BOTH = f"({CITY} AND {COUNTRY})"
OLD, RESET = replace(TABLE, modified_rows=60_000.0), replace(TABLE, analyze_counted=False)
ALONE_FINE = {CITY: (2100.0, 2000.0), COUNTRY: (2500.0, 2000.0)}
COARSE = replace(TABLE, columns={**COLUMNS, "city": replace(COLUMNS["city"], statistics_target=1)})
JUDGED = {
    "changed since ANALYZE": (facts(read(table=OLD)), "stale_statistics", "analyze_table", "places(city)"),
    "counters were reset": (facts(read(table=RESET)), "stale_statistics", "analyze_table", "places(city)"),
    "changed since ANALYZE, no better plan": (facts(read(table=OLD), better_ms=None), None, "", ""),
    "changed since ANALYZE, hardly better": (facts(read(table=OLD), better_ms=900.0), None, "", ""),
    "changed since ANALYZE, estimate fine": (facts(read(table=OLD, error=1.0, estimated_rows=2000.0)), None, "", ""),
    "fresh and coarse": (facts(read(table=COARSE, term_rows={CITY[1:-1]: (1.0, 2000.0)})), "stale_statistics", "set_statistics_target", "places(city)"),
    "fresh, and coarseness cannot explain it": (facts(read(term_rows={CITY[1:-1]: (1.0, 40_000.0)})), "stale_statistics", "analyze_table", "places(city)"),
    "fresh, off only together": (facts(read(BOTH, term_rows=ALONE_FINE)), "stale_statistics", "create_statistics", "places(country, city)"),
    "off together, and statistics know it": (
        facts(read(BOTH, term_rows=ALONE_FINE, table=replace(TABLE, extended=(frozenset({1, 2, 3}),)))), None, "", "",
    ),
    "fresh, off for a cast of the column": (
        facts(read("((p.city)::numeric = 42.0)", term_rows={"(p.city)::numeric = 42.0": (1.0, 900.0)})), None, "", "",
    ),
    "fresh, and nobody counted": (facts(read(BOTH)), None, "", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_each_kind_of_wrong_statistics_has_its_fix(case: str):
    """Code, fix and subject follow from the facts alone."""
    given_facts, code, fix, subject = JUDGED[case]
    found = judge(given_facts)
    named = (found.code, found.fix, found.subject) if found.code == "stale_statistics" else (None, "", "")
    assert named == (code, fix, subject), found.summary


def test_a_plan_that_is_ten_times_faster_needs_no_index():
    """A join without an index is slow by the wrong estimate alone, when without it the same tables are joined in no time."""
    joined = replace(SCAN, joins=("(p.note = q.note)",), joined_rows=10.0, removed_by_join=999_000.0)
    both = [
        judge(facts(read(table=OLD, scans=(joined,), join_terms=tuple(terms_of("(p.note = q.note)", "p"))), better_ms=ms)).code
        for ms in (10.0, 400.0)
    ]
    assert both == ["stale_statistics", "missing_index"]


async def make(database: Database, name: str) -> str:
    table = MISESTIMATES[name]
    connection = await asyncpg.connect(database.dsn)
    try:
        for step in (table.drop, *table.steps):
            await connection.execute(step)
        if table.fresh:
            await _analyzed(connection, table.fresh)
    finally:
        await connection.close()
    return table.query


async def diagnosed(pg: Postgres, query: str, code: str = "stale_statistics"):
    """The counters of a session that ended arrive within a second or so: ask until they have."""
    async with asyncio.timeout(30):
        while (found := await stale_statistics(pg, statements=given(query))).code != code:
            await asyncio.sleep(0.2)
    return found


@pytest.mark.parametrize(("case", "fix"), [("default", "analyze_table"), ("nested_loop", "analyze_table"), ("correlated", "create_statistics"), ("coarse", "set_statistics_target")])  # fmt: skip
async def test_the_statistics_are_named_and_the_better_plan_shown(database: Database, pg: Postgres, case: str, fix: str):
    """On a real server: the subject, the fix that fits, and how fast it could be."""
    found = await diagnosed(pg, await make(database, case))
    await database.run(MISESTIMATES[case].drop)
    assert (found.subject, found.fix, "a better plan is there" in found.because[-1]) == (MISESTIMATES[case].subject, fix, True)


async def test_many_changed_rows_with_a_good_plan_are_no_cause(database: Database, pg: Postgres):
    """Everything changed since ANALYZE, and still the index is used for a few rows."""
    await database.run(
        "create table moved (a int, b text) with (autovacuum_enabled = off)",
        "insert into moved select n, repeat('x', 40) from generate_series(1, 60000) n",
        "create index on moved (a)", "analyze moved", "update moved set b = b || 'y'",
    )  # fmt: skip
    found = await stale_statistics(pg, statements=given("select * from moved where a = 77"))
    await database.run("drop table moved")
    assert found.code is None


async def fresh(pg: Postgres, table: str) -> float:
    return float(await pg.value("select n_mod_since_analyze from pg_stat_all_tables where relid = to_regclass($1)", table))


async def catalog(pg: Postgres) -> list[dict[str, object]]:
    return [
        *await pg.fetch("select attrelid::regclass::text as t, attname::text, coalesce(attstattarget, -1) as target from pg_attribute where attnum > 0 and attrelid >= 16384 order by 1, 2"),
        *await pg.fetch("select stxname::text, stxkeys::text from pg_statistic_ext order by 1, 2"),
    ]  # fmt: skip


FIXES = {
    "analyze_table": (AnalyzeTable, {"table": "readings"}),
    "set_statistics_target": (SetStatisticsTarget, {"table": "readings", "column": '"Batch Ref"', "target": 500}),
    "create_statistics": (CreateStatistics, {"table": "readings", "columns": ['"Batch Ref"', "meter"]}),
}


@pytest.fixture
async def readings(database: Database, pg: Postgres):
    """A partitioned table with changed rows that nobody analysed."""
    await database.run(
        'create table readings (day date, "Batch Ref" text, meter int) partition by range (day)',
        "create table readings_1 partition of readings for values from ('2026-01-01') to ('2026-02-01')",
        "create table readings_2 partition of readings for values from ('2026-02-01') to ('2026-03-01')",
        "alter table readings_2 alter column \"Batch Ref\" set statistics 7",
        "insert into readings select date '2026-01-01' + n % 50, 'b' || n % 9, n % 9 from generate_series(1, 5000) n",
    )  # fmt: skip
    async with asyncio.timeout(30):
        while not await fresh(pg, "readings_1"):
            await asyncio.sleep(0.1)
    yield
    await database.run("drop table readings")


@pytest.mark.parametrize("name", FIXES)
async def test_a_fix_does_what_its_preview_says_and_undoes_it(readings: None, pg: Postgres, writer: PostgresWriter, name: str):
    """A dry run changes nothing; applied, it is in place and read back; undone, twice, the catalog is as before; again, it is a no-op."""
    fix = FIXES[name][0](**FIXES[name][1])
    before = await catalog(pg)
    preview = await fix.preview(pg)
    assert (preview.needed, await catalog(pg), preview.statements[-1].startswith("ANALYZE")) == (True, before, True)
    await fix.apply(writer, preview)
    said = await fix.read_back(pg)
    again = await fix.preview(pg)
    assert ("fresh" in said, again.needed, await fresh(pg, "readings_1")) == (True, False, 0)
    if fix.reversible:
        assert await catalog(pg) != before
        await fix.undo(writer, preview.inverse)
        await fix.undo(writer, preview.inverse)
    else:
        with pytest.raises(FixFailed):
            await fix.undo(writer, preview.inverse)
    assert await catalog(pg) == before


@pytest.mark.parametrize("name", FIXES)
async def test_a_role_that_owns_nothing_changes_nothing(database: Database, readings: None, pg: Postgres, reading: Opened, name: str):
    """The server refuses, or skips with a warning: either way it is a failed fix, and nothing is half done."""
    await database.run("create role visitor login password 'secret-visitor'", "grant select on all tables in schema public to visitor")
    fix = FIXES[name][0](**FIXES[name][1])
    before, theirs = await catalog(pg), await PostgresWriter.connect(database.as_role("visitor", "secret-visitor"), application_name="t")
    try:
        with pytest.raises(FixFailed):
            await fix.apply(theirs, await fix.preview(pg))
            await fix.read_back(pg)
    finally:
        await theirs.close()
        await database.run("drop owned by visitor", "drop role visitor")
    assert await catalog(pg) == before


@pytest.mark.parametrize(
    ("fix", "text"),
    [
        (AnalyzeTable("no_such_table"), "no table"),
        (AnalyzeTable("readings; drop table x"), "no table"),
        (SetStatisticsTarget("readings", "meter; drop", 5), "no column"),
        (CreateStatistics("readings", ["meter"]), "two columns"),
        (CreateStatistics("readings", ["meter", "nonsense"]), "not a column"),
    ],
    ids=str,
)
async def test_what_is_not_there_is_refused(readings: None, pg: Postgres, fix: AnalyzeTable, text: str):
    """Before anything is changed, by name."""
    with pytest.raises(ParameterError, match=text):
        await fix.preview(pg)


def test_a_target_beyond_what_the_server_takes_is_refused():
    """0 … 10,000."""
    with pytest.raises(ParameterError):
        SetStatisticsTarget("t", "a", 10_001)
