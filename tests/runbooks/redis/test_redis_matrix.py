"""Every Redis runbook against every state of Redis: beside its own fault, none names a cause of its own or a wrong neighbour.

Found by folder: a new failure mode joins by its files. `-m matrix` runs it; each failure mode's own test has the diagonal.
"""

from __future__ import annotations

import pytest

from helpers.runner.catalogue import find_runbook, find_runbooks
from helpers.sandbox.faults import faults, load_fault

AREA = "redis"
STATES = [("", "default"), *[(f["name"], v) for f in faults() if f["area"] == AREA for v in f["variants"]]]
RUNBOOKS = [name for name, info in find_runbooks().items() if info.area == AREA]


def wrong(document, code: str) -> str:
    """Why the answer is not allowed for a state whose failure mode is `code`; empty when it is."""
    if document.broken:
        return f"broke: {document.broken}"
    if document.verdict in ("healthy", "inconclusive") or (document.verdict == "other_cause" and code and document.other == code):
        return ""
    return f"{document.verdict}: {document.other or document.cause}: {document.summary}"


@pytest.mark.matrix
@pytest.mark.parametrize(("fault", "variant"), STATES, ids=lambda v: v or "healthy")
async def test_beside_its_own_fault_no_runbook_names_a_wrong_cause(fresh_sandbox, run, fault, variant):
    """Healthy, the right other failure mode, or an honest inconclusive."""
    code = "" if not fault or load_fault(fault).lookalike else fault
    others = [name for name in RUNBOOKS if name != fault]
    # Redis alone is a healthy server too, but an empty one: the application and its load fill it.
    place = {"services": ("redis",)} if fault else {"load_rps": 8}
    async with fresh_sandbox(**place) as sandbox:
        active = await sandbox.break_(fault, variant=variant) if fault else None
        found = {}
        for name in others:
            declared = {p.name for p in find_runbook(name).parameters}
            given = {k: v for k, v in (active.parameters if active else {}).items() if k in declared}
            found[name] = wrong((await run(name, sandbox, systems=("redis",), **given)).document, code)
    assert {name: said for name, said in found.items() if said} == {}
