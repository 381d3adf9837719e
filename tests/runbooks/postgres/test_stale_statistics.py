"""stale_statistics through papermill: its fault in four shapes, a healthy server, its neighbours, a server that goes."""

import asyncpg
import pytest

from helpers.incident.recovery import undo
from helpers.sandbox.faults.misestimates import MISESTIMATES
from helpers.sandbox.faults.postgres.missing_index import QUERY
from tests.runbooks.cells import half_of

SLO = {"slo_p95_ms": 6.0, "window_s": 4.0}  # missed by every plan here
FIXES = {"default": "analyze_table", "nested_loop": "analyze_table", "correlated": "create_statistics", "coarse": "set_statistics_target"}


@pytest.mark.parametrize("variant", MISESTIMATES)
async def test_it_finds_and_renews_the_statistics(fresh_sandbox, run, catalog, variant):
    """Table and columns are named, the fix that fits is applied, the same probe says resolved; an undo restores the catalog."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("stale_statistics", variant=variant) as fault:
        before = await catalog(sandbox)
        query = fault.parameters["query"]
        result = await run("stale_statistics", sandbox, apply=True, query=query, slo_p95_ms=await half_of(sandbox, query))
        document = result.document
        undone = await undo(result.folder)
        after = await catalog(sandbox)
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert (undone[0], after) == (document.fix.reversible, before), undone[1]
