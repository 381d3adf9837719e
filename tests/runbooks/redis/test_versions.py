"""Every Redis runbook on Redis 6.2 and on Valkey: by what the server can do, not by its version."""

import pytest

from helpers.incident.recovery import undo
from helpers.runner.catalogue import find_runbook, find_runbooks
from helpers.sandbox.faults import faults, load_fault
from tests.redis.servers import other_server

__all__ = ["other_server"]

RUNBOOKS = sorted({fault["name"] for fault in faults()} & {name for name, info in find_runbooks().items() if info.area == "redis"})


@pytest.mark.parametrize("name", RUNBOOKS)
async def test_its_fault_is_found_and_fixed_there_too(fresh_sandbox, run, other_server, name):
    """The cause is named, the fix proven and undone."""
    async with fresh_sandbox(services=("redis",)) as sandbox, sandbox.fault(name) as fault:
        declared = {p.name for p in find_runbook(name).parameters}
        result = await run(name, sandbox, systems=("redis",), apply=True, **{k: v for k, v in fault.parameters.items() if k in declared})
        document = result.document
        wanted = "resolved" if load_fault(name).resolvable else "cause_found"
        assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, wanted), document.summary
        if document.fix and document.fix.applied and document.fix.reversible:
            undone, said, _ = await undo(result.folder)
            assert undone, said
