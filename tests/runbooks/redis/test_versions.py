"""Every Redis runbook on Redis 6.2 and on Valkey: by what the server can do, not by its version."""

import pytest

from helpers.incident.recovery import undo
from helpers.runner.catalogue import find_runbook
from tests.redis.servers import other_server
from tests.runbooks.states import State, states

__all__ = ["other_server"]

FAULTS = [state for state in states("redis") if state.code and state.variant == "default"]


@pytest.mark.parametrize("state", FAULTS, ids=str)
async def test_its_fault_is_found_and_fixed_there_too(fresh_sandbox, run, other_server, state: State):
    """The cause is named, the fix proven and undone."""
    async with fresh_sandbox(services=state.services) as sandbox, sandbox.fault(state.fault) as fault:
        declared = {p.name for p in find_runbook(state.code).parameters}
        given = {k: v for k, v in fault.parameters.items() if k in declared}
        document = (result := await run(state.code, sandbox, systems=state.systems, apply=True, **given)).document
        wanted = "resolved" if state.resolvable else "cause_found"
        assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, wanted), document.summary
        if document.fix and document.fix.applied and document.fix.reversible:
            undone, said, _ = await undo(result.folder)
            assert undone, said
