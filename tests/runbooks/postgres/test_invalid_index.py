"""invalid_index through papermill: its fault in three shapes, a healthy server, its neighbours, a server that goes."""

import asyncio
import json

import asyncpg
import pytest

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo

QUICK = {"window_s": 2.0}
FIXES = {"default": "drop_index", "mixed_case": "reindex_index", "rebuild": "drop_index"}


@pytest.mark.parametrize("variant", FIXES)
async def test_it_finds_and_rebuilds_or_drops_the_index(fresh_sandbox, run, catalog, variant):
    """The index is named, the smaller safe fix is applied, every index is valid; where there is an inverse, an undo restores the catalog."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("invalid_index", variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run("invalid_index", sandbox, apply=True, **QUICK)
        document = result.document
        undone = await undo(result.folder)
        after = await catalog(sandbox)
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert (undone[0], after == before) == (document.fix.reversible, document.fix.reversible), undone[1]


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run):
    """Cause and preview with its inverse; the index is as invalid as it was."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("invalid_index") as fault:
        result = await run("invalid_index", sandbox, **QUICK)
        admin = await asyncpg.connect(sandbox.admin_dsn)
        left = await admin.fetchval("select count(*) from pg_index where not indisvalid")
        await admin.close()
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code, left) == (fault.subject, "cause_found", 1, 1)
    assert (document.fix.applied, "DROP INDEX" in document.fix.preview[0], "CREATE UNIQUE" in document.fix.undo[0], audit(result.folder)) == (
        False, True, True, [],
    )  # fmt: skip


async def test_of_several_the_one_that_is_named_is_dealt_with(fresh_sandbox, run):
    """Given an index, another one that is invalid does not count: resolved."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("invalid_index"):
        owner = await asyncpg.connect(sandbox.postgres_dsn)
        with pytest.raises(asyncpg.UniqueViolationError):
            await owner.execute("create unique index concurrently another_key on orders (status)")
        await owner.close()
        result = await run("invalid_index", sandbox, apply=True, index="another_key", **QUICK)
    assert (result.document.cause.subject, result.document.verdict) == ("another_key", "resolved"), result.document.summary


@pytest.mark.parametrize("neighbour", [None, "missing_index", "stale_statistics"])
async def test_where_every_index_is_valid_it_says_healthy(fresh_sandbox, run, neighbour):
    """It judges what it looks at, and nothing else."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        if neighbour:
            await sandbox.break_(neighbour)
        result = await run("invalid_index", sandbox, apply=True, **QUICK)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0), result.document.summary


async def test_a_build_that_goes_on_is_left_alone(fresh_sandbox, run):
    """It waits for a transaction: not valid yet, and no fault."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        holder, builder = await asyncpg.connect(sandbox.admin_dsn), await asyncpg.connect(sandbox.admin_dsn)
        await holder.execute("begin; update orders set note = note where id = 1")
        building = asyncio.create_task(builder.execute("create index concurrently orders_note_idx on orders (note)"))
        result = await run("invalid_index", sandbox, apply=True, **QUICK)
        await holder.execute("rollback")
        await building
        await holder.close()
        await builder.close()
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "isolate", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report; what could not be undone is a follow-up with its command."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("invalid_index")
        result = await run("invalid_index", sandbox, apply=True, kill_at=step, **QUICK)
        written = json.loads((result.folder / "incident.json").read_text())
    document = result.document
    before = {"investigate": {"cause_found"}, "fix": {"cause_found"}, "verify": {"resolved"}}  # what is quick is over when it goes
    allowed = {"unreachable"} | before.get(step, set())
    assert (document.broken, document.verdict in allowed, written["verdict"]) == (None, True, document.verdict), document.summary
