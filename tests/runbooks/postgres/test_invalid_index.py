"""invalid_index through papermill: its fault in three shapes, a healthy server, its neighbours, a server that goes."""

import pytest

from helpers.incident.recovery import undo

QUICK = {"window_s": 2.0}
FIXES = {"default": "drop_index", "mixed_case": "reindex_index", "rebuild": "drop_index"}


@pytest.mark.parametrize("variant", FIXES)
async def test_it_finds_and_rebuilds_or_drops_the_index(fresh_sandbox, run, catalog, variant):
    """The index is named, the smaller safe fix is applied, every index is valid; an undo restores the catalog."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("invalid_index", variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run("invalid_index", sandbox, apply=True, **QUICK)
        document = result.document
        undone = await undo(result.folder)
        after = await catalog(sandbox)
    said = (document.cause and document.cause.subject, document.fix and document.fix.name, document.verdict, result.exit_code)
    assert said == (fault.subject, FIXES[variant], "resolved", 0), document.summary
    assert undone[0] == document.fix.reversible, undone[1]
    assert (after == before) == document.fix.reversible
