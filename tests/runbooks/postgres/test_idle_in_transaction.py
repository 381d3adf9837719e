"""idle_in_transaction through papermill: its fault in four shapes, a healthy server, its neighbours, a server that goes."""

import asyncio
import contextlib
import json

import asyncpg
import pytest

from helpers.incident.recovery import undo

QUICK = {"window_s": 3.0, "longest_idle_s": 2.0}
FIXES = {
    "default": "end_idle_transactions",
    "other_schema": "end_idle_transactions",
    "nameless": "end_idle_transactions",
    "keeps_coming": "set_idle_timeout",
}
SETTINGS = "select setdatabase, setrole, setconfig from pg_db_role_setting order by 1, 2"
IDLE = "select pid from pg_stat_activity where state like 'idle in transaction%' order by 1"
OWN_SETTING = (
    "alter role shop_app set idle_in_transaction_session_timeout = '1h'"  # whoever owns the database only cannot change what it says
)


async def asked(sandbox, question):
    connection = await asyncpg.connect(sandbox.admin_dsn)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()


@pytest.mark.parametrize("variant", FIXES)
async def test_it_finds_and_ends_the_transactions(fresh_sandbox, run, catalog, variant):
    """The application is named, its sessions are ended; where they keep coming they are bounded, and an undo takes the bound away."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("idle_in_transaction", variant=variant) as fault:
        before = (await catalog(sandbox), await asked(sandbox, SETTINGS))
        result = await run("idle_in_transaction", sandbox, apply=True, **QUICK)
        document = result.document
        changed = (await catalog(sandbox), await asked(sandbox, SETTINGS)) != before
        undone = await undo(result.folder)
        after = (await catalog(sandbox), await asked(sandbox, SETTINGS))
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert (changed, undone[0], after) == (document.fix.reversible, document.fix.reversible, before), undone[1]


async def test_a_dry_run_ends_nobody(fresh_sandbox, run, catalog):
    """The sessions are where they were, and so is every setting."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("idle_in_transaction", variant="other_schema") as fault:
        before = (await catalog(sandbox), await asked(sandbox, SETTINGS), await asked(sandbox, IDLE))
        result = await run("idle_in_transaction", sandbox, **QUICK)
        after = (await catalog(sandbox), await asked(sandbox, SETTINGS), await asked(sandbox, IDLE))
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied) == (fault.subject, "cause_found", False)
    assert (after, len(document.fix.preview)) == (before, 6)


async def test_sessions_that_come_back_are_not_resolved(fresh_sandbox, run):
    """Where this role may set no bound, it ends them; new ones come, and the verification says so."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("idle_in_transaction", variant="keeps_coming") as fault:
        await asked(sandbox, OWN_SETTING)
        result = await run("idle_in_transaction", sandbox, apply=True, **QUICK)
        await asked(sandbox, "alter role shop_app reset idle_in_transaction_session_timeout")
    document = result.document
    said = (document.cause.subject, document.fix.name, document.verdict)
    assert said == (fault.subject, "end_idle_transactions", "not_resolved"), document.summary


async def short_transactions(dsn):
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "checkout"})
    try:
        while True:
            async with connection.transaction():
                await connection.execute("update orders set status = 'paid' where id = 9")
                await asyncio.sleep(0.3)
    finally:
        connection.terminate()


@pytest.mark.parametrize("busy", [False, True])
async def test_a_healthy_server_and_short_transactions_are_not_it(fresh_sandbox, run, busy):
    """A transaction that is idle for 0.3 s at a time is nobody's trouble; nor is a statement that works for long."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        report = await asyncpg.connect(sandbox.application_dsn, server_settings={"application_name": "pg_dump"})
        works = [asyncio.ensure_future(short_transactions(sandbox.application_dsn))] if busy else []
        works += [asyncio.ensure_future(report.execute("begin; select pg_sleep(600)"))] if busy else []
        result = await run("idle_in_transaction", sandbox, apply=True, **QUICK)
        for work in works:
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*works)
        report.terminate()
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


@pytest.mark.parametrize(
    ("neighbour", "variant"),
    [("lock_contention", "default"), ("vacuum_blocked", "default"), ("connection_exhaustion", "in_transaction")],
)
async def test_what_it_leads_to_is_named_where_it_is_there(fresh_sandbox, run, neighbour, variant):
    """Somebody waits, dead rows stay, connections are used up: that is what to treat."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(neighbour, variant=variant):
        result = await run("idle_in_transaction", sandbox, apply=True, **QUICK)
    document = result.document
    assert (document.verdict, document.other, document.cause) == ("other_cause", neighbour, None), document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("idle_in_transaction")
        result = await run("idle_in_transaction", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
        reports = [(result.folder / name).stat().st_size > 1000 for name in ("report.html", "report.md")]
    allowed = {"unreachable"} | ({"cause_found"} if step in ("investigate", "fix") else set())  # what was read before it went
    assert result.document.broken is None
    assert (result.document.verdict in allowed, written["verdict"], reports) == (True, result.document.verdict, [True, True])
