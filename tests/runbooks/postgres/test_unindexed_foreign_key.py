"""unindexed_foreign_key through papermill: its fault in three schemas, a healthy server, its neighbours, a server that goes."""

import json

import asyncpg
import pytest

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo


@pytest.mark.parametrize("variant", ["default", "composite", "partitioned"])
async def test_it_finds_and_makes_the_index_and_the_undo_takes_it_away(fresh_sandbox, run, catalog, variant):
    """With nothing but the expectation: the columns are named, the index made, the same lookups say resolved; then all is as before."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("unindexed_foreign_key", variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run("unindexed_foreign_key", sandbox, apply=True, **fault.parameters)
        document, made = result.document, await catalog(sandbox)
        undone, said, _ = await undo(result.folder)
        after = await catalog(sandbox)
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
    assert (undone, made != before, after == before) == (True, True, True), said


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run, catalog):
    """Given the parent: cause and preview with its inverse; no row is deleted, locked or written, and the catalog is what it was."""
    settings = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0}
    async with fresh_sandbox(services=("postgres",), postgres_settings=settings) as sandbox:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        for statement in ("drop index orders_customer_id_idx", "vacuum", "checkpoint"):
            await admin.execute(statement)
        before = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"))
        result = await run("unindexed_foreign_key", sandbox, table="customers", slo_p95_ms=1.0)
        after = (await catalog(sandbox), await admin.fetchval("select pg_current_wal_insert_lsn()"))
        await admin.close()
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == ("orders(customer_id)", "cause_found"), document.summary
    assert after == before
    assert ("CONCURRENTLY" in document.fix.preview[0], document.fix.applied, audit(result.folder)) == (True, False, [])


@pytest.mark.parametrize("neighbour", ["", "missing_index", "lock_contention", "full_read"])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, neighbour):
    """Every foreign key whose parent loses rows is served: healthy, nothing is made."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        if neighbour:
            await sandbox.break_(neighbour)
        result = await run("unindexed_foreign_key", sandbox, apply=True)
    assert (result.document.verdict, result.document.cause, result.document.fix) == ("healthy", None, None), result.document.summary


async def test_an_invalid_index_on_the_columns_is_named_instead(fresh_sandbox, run):
    """It must go first: the foreign key is not without an index, its index is broken."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("invalid_index"):
        result = await run("unindexed_foreign_key", sandbox, apply=True, table="customers", slo_p95_ms=1.0)
    assert (result.document.verdict, result.document.other, result.document.fix) == ("other_cause", "invalid_index", None)


async def test_a_locked_child_names_no_foreign_key(fresh_sandbox, run):
    """The lookups wait for a lock: whatever is said, no index is made."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        holder = await asyncpg.connect(sandbox.admin_dsn)
        await holder.execute("begin; lock table orders in access exclusive mode")
        result = await run("unindexed_foreign_key", sandbox, apply=True, table="customers")
        await holder.close()
    document = result.document
    assert (document.cause, document.fix, document.broken) == (None, None, None)
    assert document.verdict in ("other_cause", "inconclusive"), document.summary
    assert document.verdict == "inconclusive" or document.other in ("lock_contention", "ddl_lock_queue")


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report; what could not be undone is a follow-up with its command."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        fault = await sandbox.break_("unindexed_foreign_key")
        result = await run("unindexed_foreign_key", sandbox, apply=True, kill_at=step, **fault.parameters)
        written = json.loads((result.folder / "incident.json").read_text())
        report = (result.folder / "report.html").stat().st_size
    document = result.document
    before = {"investigate": {"cause_found"}, "fix": {"cause_found"}, "verify": {"resolved"}}  # what is quick is over when it goes
    allowed = {"unreachable"} | before.get(step, set())
    assert (document.broken, document.verdict in allowed, written["verdict"], report > 1000) == (None, True, document.verdict, True)
    if step == "verify":
        assert any("runbook undo" in text for text in document.follow_ups)
