"""stale_statistics through papermill: its fault in four shapes, a healthy server, its neighbours, a server that goes."""

import json

import pytest

from helpers.incident.evidence import audit
from helpers.incident.recovery import undo
from helpers.sandbox.faults.misestimates import MISESTIMATES
from helpers.sandbox.faults.postgres.missing_index import QUERY
from tests.runbooks.cells import most_of

SLO = {"slo_p95_ms": 6.0, "window_s": 4.0}  # missed by every plan here
FIXES = {"default": "analyze_table", "nested_loop": "analyze_table", "correlated": "create_statistics", "coarse": "set_statistics_target"}


@pytest.mark.parametrize("variant", MISESTIMATES)
async def test_it_finds_and_renews_the_statistics(fresh_sandbox, run, catalog, variant):
    """Table and columns are named, the fix that fits is applied, the same probe says resolved; an undo restores the catalog."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("stale_statistics", variant=variant) as fault:
        before = await catalog(sandbox)
        query = fault.parameters["query"]
        result = await run("stale_statistics", sandbox, apply=True, query=query, slo_p95_ms=await most_of(sandbox, query))
        document = result.document
        undone = await undo(result.folder)
        after = await catalog(sandbox)
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert (undone[0], after) == (document.fix.reversible, before), undone[1]


async def test_a_dry_run_names_it_and_changes_nothing(fresh_sandbox, run, catalog):
    """Cause and preview with its inverse; the catalog is what it was."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("stale_statistics", variant="coarse") as fault:
        before = await catalog(sandbox)
        result = await run("stale_statistics", sandbox, query=fault.parameters["query"], **SLO)
        after = await catalog(sandbox)
    fix = result.document.fix
    said = (result.document.cause and result.document.cause.subject, result.document.verdict, result.exit_code)
    assert (said, after == before) == ((fault.subject, "cause_found", 1), True), result.document.summary
    assert (fix.applied, "SET STATISTICS 100" in fix.preview[0], "SET STATISTICS 1" in fix.undo[0], audit(result.folder)) == (
        False,
        True,
        True,
        [],
    )


async def test_a_healthy_server_is_healthy(fresh_sandbox, run):
    """Not reproduced, and the checks agree."""
    async with fresh_sandbox(services=("postgres",)) as sandbox:
        result = await run("stale_statistics", sandbox, apply=True, query=QUERY, slo_p95_ms=150.0)
    assert (result.document.verdict, result.document.cause, result.exit_code) == ("healthy", None, 0), result.document.summary


@pytest.mark.parametrize("neighbour", ["missing_index", "invalid_index", "nightly_batch"])
async def test_a_neighbour_is_not_taken_for_it(fresh_sandbox, run, catalog, neighbour):
    """The symptom is as real; the cause is another, and nothing is changed."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(neighbour) as fault:
        before = await catalog(sandbox)
        result = await run("stale_statistics", sandbox, apply=True, query=fault.parameters.get("query", ""), **SLO)
        after = await catalog(sandbox)
    document = result.document
    wanted = (None, "other_cause", None if fault.lookalike else neighbour)
    assert (document.cause, document.verdict, document.other) == wanted, document.summary
    assert after == before


@pytest.mark.parametrize("step", ["reproduce", "isolate", "investigate", "fix", "verify"])
async def test_a_server_killed_in_the_middle_of_a_step_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("stale_statistics") as fault:
        result = await run("stale_statistics", sandbox, apply=True, kill_at=step, query=fault.parameters["query"], **SLO)
        written = json.loads((result.folder / "incident.json").read_text())
    document = result.document
    before = {"investigate": {"cause_found"}, "fix": {"cause_found"}, "verify": {"resolved"}}  # what is quick is over when it goes
    allowed = {"unreachable"} | before.get(step, set())
    assert (document.broken, document.verdict in allowed, written["verdict"]) == (None, True, document.verdict), document.summary
