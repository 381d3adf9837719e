"""ddl_lock_queue through papermill: its fault in three shapes, a healthy server, its neighbours, a server that goes."""

import json

import asyncpg
import pytest

from helpers.sandbox.faults.migrations import MIGRATIONS

QUICK = {"window_s": 3.0}
WAITING = "select count(*) from pg_locks where not granted"
COLUMNS = "select count(*) from pg_attribute where attrelid > 16383"  # a dump would queue behind the DDL statement, too


async def asked(sandbox, question: str) -> int:
    connection = await asyncpg.connect(sandbox.admin_dsn)
    answer = await connection.fetchval(question)
    await connection.close()
    return answer


@pytest.mark.parametrize("variant", MIGRATIONS)
async def test_it_finds_and_cancels_the_waiting_statement(fresh_sandbox, run, variant):
    """Its pid and table are named, it is cancelled, the queue is gone; whom it waited for is left alone."""
    it = MIGRATIONS[variant]
    holder = f"select count(*) from pg_stat_activity where application_name = '{it.holder}' and xact_start is not null"
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("ddl_lock_queue", variant=variant) as fault:
        result = await run("ddl_lock_queue", sandbox, apply=True, **QUICK)
        left = (await asked(sandbox, WAITING), await asked(sandbox, holder))
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (document.fix.name, left) == ("cancel_ddl", (0, 1))


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """The queue stands as it stood; the preview says how to run the migration again."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("ddl_lock_queue") as fault:
        before = [await asked(sandbox, question) for question in (WAITING, COLUMNS)]
        result = await run("ddl_lock_queue", sandbox, **QUICK)
        after = [await asked(sandbox, question) for question in (WAITING, COLUMNS)]
    document = result.document
    assert (document.cause.subject, document.verdict, document.fix.applied) == (fault.subject, "cause_found", False)
    assert (after, any("lock_timeout" in text for text in document.follow_ups)) == (before, True)


@pytest.mark.parametrize("variant", MIGRATIONS)
async def test_a_healed_fault_leaves_the_catalog_as_it_was(fresh_sandbox, catalog, variant):
    """Even when the DDL statement got through, because somebody ended the one it waited for."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        before = await catalog(sandbox)
        async with sandbox.fault("ddl_lock_queue", variant=variant):
            await asked(
                sandbox,
                f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '{MIGRATIONS[variant].holder}'",
            )
        after = await catalog(sandbox)
    assert after == before


@pytest.mark.parametrize("neighbour", ["lock_contention", "burst_of_locks", None])
async def test_its_neighbours_are_not_taken_for_it(fresh_sandbox, run, neighbour):
    """A row's queue is lock_contention; a burst and a healthy server are healthy."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        fault = await sandbox.break_(neighbour) if neighbour else None
        result = await run("ddl_lock_queue", sandbox, apply=True, **QUICK)
    wanted = ("healthy", None) if fault is None or fault.lookalike else ("other_cause", neighbour)
    assert (result.document.cause, (result.document.verdict, result.document.other)) == (None, wanted), result.document.summary


@pytest.mark.parametrize("other", ["lock_contention", "idle_in_transaction"])
async def test_its_neighbours_name_it(fresh_sandbox, run, other):
    """Whoever finds the queue calls it by this name."""
    given = {"window_s": 3.0} | ({"longest_idle_s": 2.0} if other == "idle_in_transaction" else {})
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("ddl_lock_queue"):
        result = await run(other, sandbox, apply=True, **given)
    document = result.document
    assert (document.cause, document.verdict, document.other) == (None, "other_cause", "ddl_lock_queue"), document.summary


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("reproduce", {"unreachable"}),
        ("investigate", {"unreachable", "cause_found"}),
        ("fix", {"cause_found", "unreachable"}),
        ("verify", {"unreachable"}),
    ],
)
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step, verdict):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("ddl_lock_queue")
        result = await run("ddl_lock_queue", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
        report = (result.folder / "report.html").stat().st_size
    assert (result.document.broken, result.document.verdict in verdict, written["verdict"], report > 1000) == (
        None,
        True,
        result.document.verdict,
        True,
    )
