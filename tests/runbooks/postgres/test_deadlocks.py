"""deadlocks through papermill: its fault in three shapes, a healthy server, its neighbours, a server that goes."""

import json

import pytest

from helpers.postgres.lock_cycles import normalised
from helpers.sandbox.faults.opposites import OPPOSITES


@pytest.mark.parametrize("variant", OPPOSITES)
async def test_it_names_the_tables_and_proposes_one_order(fresh_sandbox, run, catalog, variant):
    """Tables and both statements are named while it goes on; the patch is a proposal, so --apply changes nothing."""
    it = OPPOSITES[variant]
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("deadlocks", variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run("deadlocks", sandbox, apply=True)
        after = await catalog(sandbox)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, after == before) == (fault.subject, "cause_found", True), (
        document.summary
    )
    told = " ".join(document.cause.because)
    assert [sql for sql, _ in (it.one, it.other) if normalised(sql) not in told] == []
    assert (document.fix.name, document.fix.applied, "FOR UPDATE" in document.fix.patch, "40P01" in document.fix.patch) == (
        "lock_order",
        False,
        True,
        True,
    )


@pytest.mark.parametrize("neighbour", [None, "burst_of_locks", "lock_contention", "ddl_lock_queue"])
async def test_its_neighbours_are_not_taken_for_it(fresh_sandbox, run, neighbour):
    """Without a deadlock there is nothing to reproduce; a queue that stands is told of all the same."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        fault = await sandbox.break_(neighbour) if neighbour else None
        result = await run("deadlocks", sandbox, apply=True, window_s=2.0)
    document = result.document
    queue = fault is not None and not fault.lookalike
    wanted = ("inconclusive", neighbour) if queue else ("healthy", None)
    assert (document.cause, (document.verdict, document.other)) == (None, wanted), document.summary


@pytest.mark.parametrize("other", ["lock_contention", "ddl_lock_queue"])
@pytest.mark.parametrize("variant", OPPOSITES)
async def test_its_neighbours_do_not_take_it_for_theirs(fresh_sandbox, run, variant, other):
    """A queue that moves because the server breaks deadlocks has no head to end."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("deadlocks", variant=variant):
        result = await run(other, sandbox, apply=True)
    document = result.document
    assert (document.cause, document.verdict in ("healthy", "inconclusive", "other_cause")) == (None, True), document.summary
    assert document.verdict != "other_cause" or document.other == "deadlocks"


@pytest.mark.parametrize("step", ["reproduce", "investigate", "fix"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report, and the report says what is not known."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        await sandbox.break_("deadlocks")
        result = await run("deadlocks", sandbox, apply=True, kill_at=step)
        written = json.loads((result.folder / "incident.json").read_text())
        report = (result.folder / "report.html").stat().st_size
    assert (result.document.broken, written["verdict"], report > 1000) == (None, result.document.verdict, True)
    assert result.document.verdict in ("unreachable", "inconclusive", "cause_found"), result.document.summary
