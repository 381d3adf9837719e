"""vacuum_blocked through papermill: its fault in five shapes, a healthy server, its neighbours, a server that goes."""

import pytest

QUICK = {"window_s": 2.0}


@pytest.mark.parametrize("variant", ["default", "autovacuum_off", "open_write", "prepared", "thresholds"])
async def test_it_finds_and_removes_what_keeps_the_dead_rows(fresh_sandbox, run, variant):
    """A session, a setting, a transaction id, a prepared transaction: named, ended or reset, and the same count says resolved."""
    async with (
        fresh_sandbox(services=("postgres",)) as sandbox,
        sandbox.fault("vacuum_blocked", variant=variant) as fault,
    ):
        result = await run("vacuum_blocked", sandbox, apply=True, **QUICK)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
