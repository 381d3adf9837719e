"""lock_contention through papermill: its fault, a healthy server, its neighbours, a server that goes."""

import json
from urllib.parse import urlsplit

import asyncpg
import pytest

from helpers.incident.evidence import audit

QUICK = {"window_s": 3.0}


async def waiting(sandbox) -> int:
    connection = await asyncpg.connect(sandbox.admin_dsn)
    count = await connection.fetchval("select count(*) from pg_locks where not granted")
    await connection.close()
    return count


@pytest.mark.parametrize("variant", ["default", "other_schema", "active_root"])
async def test_it_finds_and_ends_the_session_at_the_head(fresh_sandbox, run, variant):
    """The root is named, ended, and the queue is gone; the same probe says so."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("lock_contention", variant=variant) as fault:
        result = await run("lock_contention", sandbox, apply=True, **QUICK)
        left = await waiting(sandbox)
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code, left) == (fault.subject, "resolved", 0, 0)


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run, catalog):
    """The queue stands as it stood, the catalog is the same, and nothing was written to the log."""
    settings = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0}
    async with fresh_sandbox(services=("postgres",), postgres_settings=settings) as sandbox, sandbox.fault("lock_contention") as fault:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        await admin.execute("checkpoint")
        before = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"), await waiting(sandbox))
        result = await run("lock_contention", sandbox, **QUICK)
        after = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"), await waiting(sandbox))
        await admin.close()
    document = result.document
    assert (document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1)
    assert after == before
    assert (document.fix.applied, document.fix.reversible, audit(result.folder)) == (False, False, [])


@pytest.mark.parametrize("neighbour", [None, "burst_of_locks"])
async def test_a_healthy_server_and_a_burst_are_not_it(fresh_sandbox, run, neighbour):
    """Short waits end by themselves: healthy, nobody is ended."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        if neighbour:
            await sandbox.break_(neighbour)
        result = await run("lock_contention", sandbox, apply=True, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0)


async def test_a_server_that_is_gone_is_unreachable_with_a_report(fresh_sandbox, run):
    """From the start: the stated verdict, a readable report, no secret in it."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.kill("postgres")
        result = await run("lock_contention", sandbox, **QUICK)
        report = (result.folder / "report.html").read_text()
        password = urlsplit(sandbox.postgres_dsn).password
    assert (result.document.verdict, result.exit_code, "unreachable" in report, password in report) == ("unreachable", 3, True, False)


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("reproduce", {"unreachable"}),
        ("isolate", {"unreachable"}),
        ("investigate", {"unreachable", "cause_found"}),
        ("fix", {"cause_found", "unreachable"}),
        ("verify", {"unreachable"}),
    ],
)
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step, verdict):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("lock_contention")
        result = await run("lock_contention", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
        reports = [(result.folder / name).stat().st_size > 1000 for name in ("report.html", "report.md")]
    assert result.document.broken is None
    assert (result.document.verdict in verdict, written["verdict"], reports) == (True, result.document.verdict, [True, True])
