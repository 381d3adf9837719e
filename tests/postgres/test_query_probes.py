"""The two probes of a statement: one runs it, one watches it."""

import asyncio

import asyncpg
import pytest
import pytest_asyncio

from helpers.errors import BadAnswer, ParameterError, SystemProblem, Unreachable
from helpers.postgres.connect import Postgres
from helpers.postgres.probes.query_latency import QueryLatency
from helpers.postgres.probes.worst_statement import WorstStatement
from tests.postgres.conftest import Database, Opened
from tests.postgres.test_statements_by_total_time import SLOW, traffic


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables(database: Database) -> Database:
    await database.run("create table things (id int)", "insert into things values (1)")
    return database


async def test_query_latency_takes_its_samples(tables: Database, pg: Postgres):
    """As many samples as asked, the warm-up not among them, none failed."""
    samples = await QueryLatency("select * from things", samples=5, warmup=2).measure({"postgres": pg})
    assert [(s.ok, s.value > 0) for s in samples] == [(True, True)] * 5


async def test_a_query_that_hangs_counts_with_its_time_out(tables: Database, pg: Postgres):
    """Cut off by the server, it is a failed sample with the time-out as value."""
    samples = await QueryLatency("select pg_sleep(9)", samples=2, warmup=0, timeout_s=0.2).measure({"postgres": pg})
    assert [(s.ok, s.value) for s in samples] == [(False, 200.0)] * 2


async def test_a_blocked_query_is_a_failed_sample(tables: Database, pg: Postgres):
    """A table lock is a hang to the user."""
    holder = await asyncpg.connect(tables.dsn)
    await holder.execute("begin; lock table things")
    samples = await QueryLatency("select * from things", samples=1, warmup=0, timeout_s=3).measure({"postgres": pg})
    await holder.close()
    assert [(s.ok, s.value) for s in samples] == [(False, 3000.0)]


async def test_the_budget_bounds_a_slow_query(tables: Database, pg: Postgres):
    """No run begins after the budget is spent; at least one sample comes back."""
    samples = await QueryLatency("select pg_sleep(0.1)", samples=500, warmup=0, budget_s=0.3).measure({"postgres": pg})
    assert 1 <= len(samples) <= 4


@pytest.mark.parametrize("query", ["delete from things", "select 1; delete from things", "no SQL"])
async def test_what_is_no_select_is_refused(query: str, tables: Database, pg: Postgres):
    """The server says no, and nothing changed."""
    with pytest.raises(SystemProblem):
        await QueryLatency(query, samples=1).measure({"postgres": pg})
    assert await pg.value("select count(*) from things") == 1


async def test_an_empty_query_does_not_apply():
    """Then the next probe is taken."""
    assert (QueryLatency("").applies, QueryLatency("select 1").applies) == (False, True)


async def test_the_probe_shows_no_string_value(tables: Database):
    """Name and settings mask literals."""
    probe = QueryLatency("select * from things where secret = 'hunter2'")
    assert ("hunter2" in probe.name, "hunter2" in str(probe.settings())) == (False, False)


def test_bad_numbers_are_refused():
    """A probe without samples, or a tick longer than the window, is a mistake of the caller."""
    with pytest.raises(ParameterError):
        QueryLatency("select 1", samples=0)
    with pytest.raises(ParameterError):
        WorstStatement(window_s=0.1)


async def test_the_worst_statement_is_chosen_once(tables: Database, pg: Postgres):
    """The second measurement measures the first one's statement, although another is worse by then."""
    probe = WorstStatement(window_s=1.0, every_s=0.25)
    async with traffic(tables, SLOW, 1, 100_000, 7, 2):
        before = await probe.measure({"postgres": pg})
        async with traffic(tables, "select sum(i) from generate_series(1, 900000) i", pause_s=0):
            after = await probe.measure({"postgres": pg})
    assert (probe.statement, len(before) >= 3, len(after) >= 3) == (SLOW, True, True)
    assert SLOW[:40] in probe.name


async def test_a_statement_that_never_ends_is_measured_by_its_age(tables: Database, pg: Postgres):
    """No call is counted while it hangs: how long it has run at least is the sample, and it grows."""
    probe = WorstStatement(window_s=1.5, every_s=0.25)
    hanging = await asyncpg.connect(tables.dsn, server_settings={"application_name": "app"})
    running = asyncio.create_task(hanging.execute("select pg_sleep(2.5)"))
    samples = await probe.measure({"postgres": pg})
    hanging.terminate()
    await asyncio.gather(running, return_exceptions=True)
    assert ("pg_sleep" in str(probe.statement), len(samples) >= 3, samples[-1].value > samples[0].value) == (True, True, True)


async def test_a_silent_server_has_no_worst_statement(tables: Database, pg: Postgres):
    """No traffic: no samples, and no statement."""
    probe = WorstStatement(window_s=0.5, every_s=0.25)
    await asyncio.wait_for(_settled(pg), 30)
    assert (await probe.measure({"postgres": pg}), probe.statement) == ([], None)


async def _settled(pg: Postgres) -> None:
    """Wait for the statement of the test before to end on the server."""
    while await pg.fetch("select 1 from pg_stat_activity where application_name = 'app' and datname = current_database()"):
        await asyncio.sleep(0.1)


async def test_without_the_extension_what_is_seen_is_measured(own_database: str, own_pg: Postgres):
    """pg_stat_activity alone finds a statement that runs for long."""
    probe = WorstStatement(window_s=1.0, every_s=0.25)
    async with traffic(Database(own_database), "select pg_sleep(1.0)", pause_s=0):
        samples = await probe.measure({"postgres": own_pg})
    assert ("pg_sleep" in str(probe.statement), len(samples) >= 1) == (True, True)


@pytest.mark.parametrize("probe", [QueryLatency("select 1", samples=1), WorstStatement(window_s=0.2, every_s=0.1)])
async def test_a_dead_server_is_a_system_problem(probe: QueryLatency | WorstStatement, reading: Opened):
    """A probe that cannot ask raises, it never returns few samples."""
    pg = await reading()
    pg._dsn = "postgresql://nobody:x@127.0.0.1:1/x"
    with pytest.raises(Unreachable):
        await probe.measure({"postgres": pg})
    assert issubclass(BadAnswer, SystemProblem)
