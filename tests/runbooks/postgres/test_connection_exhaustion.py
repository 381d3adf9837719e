"""connection_exhaustion through papermill: its fault in four shapes, a healthy server, its neighbours, a server that goes."""

import asyncio
import contextlib
import json

import asyncpg
import pytest

from helpers.incident.recovery import undo

QUICK = {"window_s": 3.0, "longest_idle_s": 2.0}
FIXES = {
    "default": "end_idle_sessions",
    "in_transaction": "end_idle_sessions",
    "role_limit": "end_idle_sessions",
    "fan_out": "limit_role_connections",
}
OTHERS = (
    "select application_name, count(*) from pg_stat_activity where application_name in ('checkout', 'stock-sync') group by 1 order by 1"
)
ROLES = "select rolname, rolconnlimit, rolconfig from pg_roles order by 1"
SESSIONS = "select pid, backend_start from pg_stat_activity where usename = 'shop_app' order by 1, 2"


async def asked(sandbox, question):
    connection = await asyncpg.connect(sandbox.admin_dsn)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()


@pytest.mark.parametrize("variant", FIXES)
async def test_it_finds_who_takes_the_connections_and_gives_some_back(fresh_sandbox, run, variant):
    """Named, told whether it leaks; the others' sessions live on; an undo restores what has an inverse."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("connection_exhaustion", variant=variant) as fault:
        before = (await asked(sandbox, OTHERS), await asked(sandbox, ROLES))
        result = await run("connection_exhaustion", sandbox, apply=True, window_s=3.0, **fault.parameters)
        document = result.document
        undone = await undo(result.folder)
        after = (await asked(sandbox, OTHERS), await asked(sandbox, ROLES))
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert (undone[0], after) == (document.fix.reversible, before), undone[1]


async def test_a_dry_run_ends_nobody(fresh_sandbox, run, catalog):
    """The fix is previewed with the pids it would end; each session is still there."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("connection_exhaustion") as fault:
        before = (await catalog(sandbox), await asked(sandbox, SESSIONS))
        result = await run("connection_exhaustion", sandbox, **QUICK)
        after = (await catalog(sandbox), await asked(sandbox, SESSIONS))
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied) == (fault.subject, "cause_found", False)
    assert (after[0], set(before[1]) <= set(after[1]), len(document.fix.preview) > 10) == (before[0], True, True)


@pytest.mark.parametrize("neighbour", [None, "idle_in_transaction", "lock_contention"])
async def test_with_connections_left_it_is_not_it(fresh_sandbox, run, neighbour):
    """A few sessions, idle in a transaction or in a queue, take up nothing: healthy."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        if neighbour:
            await sandbox.break_(neighbour)
        result = await run("connection_exhaustion", sandbox, apply=True, **QUICK)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


async def pile_up(dsn, clients):
    """Fill the server with sessions that wait for one row, behind a session that holds it."""
    root = await asyncpg.connect(dsn, server_settings={"application_name": "billing"})
    await root.execute("begin; update orders set status = 'paid' where id = 7")
    tasks = []
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            client = await asyncpg.connect(dsn, server_settings={"application_name": "checkout"})
            clients.append(client)
            tasks.append(asyncio.ensure_future(client.execute("update orders set status = 'new' where id = 7")))
    return root, tasks


async def test_sessions_that_wait_for_a_lock_are_a_consequence(fresh_sandbox, run):
    """The server is full, yet the lock queue is named: to end the waiting ones would free nothing for long."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"max_connections": 40}) as sandbox:
        clients = []
        root, tasks = await pile_up(sandbox.application_dsn, clients)
        result = await run("connection_exhaustion", sandbox, apply=True, **QUICK)
        for connection in (root, *clients):
            connection.terminate()
        await asyncio.gather(*tasks, return_exceptions=True)
    document = result.document
    assert (document.verdict, document.other) == ("other_cause", "lock_contention"), document.summary


async def test_a_leak_that_takes_them_again_at_once_is_not_resolved(fresh_sandbox, run):
    """The verification can fail: what was ended is there again."""
    async with fresh_sandbox(services=("postgres",), postgres_settings={"max_connections": 40}) as sandbox:
        clients = []

        async def leaking():
            while True:
                with contextlib.suppress(asyncpg.TooManyConnectionsError):
                    while True:
                        clients.append(await asyncpg.connect(sandbox.application_dsn, server_settings={"application_name": "mailer"}))
                await asyncio.sleep(0.1)

        task = asyncio.ensure_future(leaking())
        result = await run("connection_exhaustion", sandbox, apply=True, **QUICK)
        task.cancel()
        for connection in clients:
            connection.terminate()
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied) == ("mailer (leak)", "not_resolved", True), document.summary


async def test_where_the_diagnosis_is_refused_too_every_report_says_what_is_next(fresh_sandbox, run):
    """Without pg_use_reserved_connections: unreachable, and connection_exhaustion is named, by another runbook as well."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("connection_exhaustion"):
        await asked(sandbox, "revoke pg_use_reserved_connections from shop_owner")
        results = [await run(name, sandbox, window_s=2.0) for name in ("connection_exhaustion", "lock_contention")]
        reports = [(result.folder / "report.md").read_text() for result in results]
        await asked(sandbox, "grant pg_use_reserved_connections to shop_owner")
    assert [result.document.verdict for result in results] == ["unreachable", "unreachable"]
    assert all("runbook run connection_exhaustion" in report for report in reports)


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("connection_exhaustion")
        result = await run("connection_exhaustion", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
        reports = [(result.folder / name).stat().st_size > 1000 for name in ("report.html", "report.md")]
    allowed = {"unreachable"} | ({"cause_found"} if step in ("investigate", "fix") else set())  # what was read before it went
    assert result.document.broken is None
    assert (result.document.verdict in allowed, written["verdict"], reports) == (True, result.document.verdict, [True, True])
