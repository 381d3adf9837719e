"""vacuum_blocked through papermill: its fault in five shapes, a healthy server, its neighbours, a server that goes."""

import asyncio
import json

import asyncpg
import pytest

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo

QUICK = {"window_s": 2.0}
QUEUE = """create table queue (id int primary key, n int); insert into queue select i, 0 from generate_series(1, 1000) i;
    create index on queue (n); analyze queue"""
IN_VAIN = "begin isolation level repeatable read; select count(*) from customers"


async def dead(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    count = await connection.fetchval("select sum(n_dead_tup)::int from pg_stat_user_tables")
    await connection.close()
    return count


async def churned(dsn: str, *, times: int = 20) -> None:
    """Make a queue and update every row of it many times; the session's end makes the server count them."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(QUEUE)
    for _ in range(times):
        await connection.execute("update queue set n = n + 1")
    await connection.close()


@pytest.mark.parametrize("variant", ["default", "autovacuum_off", "open_write", "prepared", "thresholds"])
async def test_it_finds_and_removes_what_keeps_the_dead_rows(fresh_sandbox, run, catalog, variant):
    """A session, a setting, a transaction id, a prepared transaction: named, ended or reset, and the same count says resolved."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("vacuum_blocked", variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
        document = result.document
        undone = document.fix is not None and document.fix.reversible and (await undo(result.folder))[0]
        after = await catalog(sandbox)
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (undone, after == before) == (variant in ("autovacuum_off", "thresholds"), True)


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run, catalog):
    """The session stays, the dead rows stay, and the catalog is what it was."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"autovacuum_naptime": "1h"}) as sandbox:
        fault = await sandbox.break_("vacuum_blocked")
        before = (await catalog(sandbox), await dead(sandbox.admin_dsn))
        result = await run("vacuum_blocked", sandbox, **QUICK)
        after = (await catalog(sandbox), await dead(sandbox.admin_dsn))
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert after == before
    assert (document.fix.applied, document.fix.reversible, audit(result.folder)) == (False, False, [])


@pytest.mark.parametrize("neighbour", ["", "lock_contention", "burst_of_locks", "missing_index", "idle_in_transaction"])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, neighbour):
    """Few dead rows, whatever holds a snapshot: healthy, nobody is ended."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        if neighbour:
            await sandbox.break_(neighbour)
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
    assert (result.document.verdict, result.document.cause, result.document.fix) == ("healthy", None, None), result.document.summary


async def test_rows_that_autovacuum_is_about_to_remove_need_only_time(fresh_sandbox, run):
    """A batch that has just ended: the count is high, nothing keeps it, and nothing is blamed."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"autovacuum_naptime": "1h"}) as sandbox:
        await churned(sandbox.postgres_dsn)
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
    assert (result.document.verdict, result.document.cause, result.document.fix) == ("inconclusive", None, None), result.document.summary


async def test_a_report_that_works_is_not_ended(fresh_sandbox, run):
    """It holds the rows, and it will end: inconclusive."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"autovacuum_naptime": "1h"}) as sandbox:
        report = await asyncpg.connect(sandbox.application_dsn)
        await report.execute(IN_VAIN)
        await churned(sandbox.postgres_dsn)
        owner = await asyncpg.connect(sandbox.postgres_dsn)
        await owner.execute("vacuum queue")
        await owner.close()
        await report.execute("set statement_timeout = '100s'")
        working = asyncio.create_task(report.fetch("select pg_sleep(100)"))
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
        alive = not working.done()
        report.terminate()
        await asyncio.gather(working, return_exceptions=True)
    assert (result.document.verdict, result.document.cause, alive) == ("inconclusive", None, True), result.document.summary


async def test_autovacuum_off_for_the_server_is_said_and_the_table_vacuumed(fresh_sandbox, run):
    """The setting is a superuser's: it is a follow-up; the rows go by hand."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"autovacuum": "off"}) as sandbox:
        await churned(sandbox.postgres_dsn)
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
    document = result.document
    assert (document.verdict, document.cause.subject, any("ALTER SYSTEM" in f for f in document.follow_ups)) == ("resolved", "queue", True)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("vacuum_blocked", variant="autovacuum_off")
        result = await run("vacuum_blocked", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
        report = (result.folder / "report.html").stat().st_size
    document = result.document
    allowed = {"unreachable"} | ({"cause_found"} if step in ("investigate", "fix") else set())  # what was read before it went
    assert (document.broken, document.verdict in allowed, written["verdict"], report > 1000) == (None, True, document.verdict, True)
