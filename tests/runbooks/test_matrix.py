"""Every runbook against every state of its area: the right one names the right cause, and no other ever names a wrong one.

`make test` takes each fault in one variant, its own runbook and the one most easily taken in by it; each look-alike with one runbook.
Which variant and which runbook rotates (helpers of tests/rotation.py). `make test-matrix` runs all.
"""

from __future__ import annotations

import random

import pytest

from tests.rotation import seed
from tests.runbooks.cells import Cell, already, diagonal, off_diagonal
from tests.runbooks.states import CONFUSED, State, crossed, runbooks, states


def rotating() -> list[State]:
    """Healthy, each fault in one of its variants, and every look-alike."""
    by_fault: dict[str, list[State]] = {}
    for state in states():
        by_fault.setdefault(state.fault or str(state), []).append(state)
    return [random.Random(f"{seed()} {fault}").choice(variants) for fault, variants in by_fault.items()]


def share(state: State) -> list[str]:
    """The runbook `make test` runs against a state beside its own."""
    return [CONFUSED[state.fault]] if state.fault in CONFUSED else [random.Random(f"{seed()} {state}").choice(runbooks(state.area))]


async def row(fresh_sandbox, run, state: State, others: list[str], *, own: bool) -> list[Cell]:
    """Run `others` against the state, dry; then, where it is a fault, its own runbook with its fix."""
    async with fresh_sandbox(services=state.services, load_rps=0 if state.fault else 5) as sandbox:
        active = await sandbox.break_(state.fault, variant=state.variant) if state.fault else None
        given = active.parameters if active else {}
        cells = [await off_diagonal(run, sandbox, state, name, given) for name in others]
        if own and active:
            cells.append(await diagonal(run, sandbox, state, active.subject, given))
        return cells


def wrong(cells: list[Cell]) -> list[str]:
    """What must not have been said, with the reason it was."""
    return [f"{c.runbook} on {c.state}: {c.wrong}. {c.summary}" for c in cells if c.wrong]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("state", rotating(), ids=str)
async def test_the_right_runbook_names_it_and_its_neighbour_does_not(fresh_sandbox, run, state):
    """On the diagonal cause, subject, fix and undo; beside it no wrong cause."""
    assert wrong(await row(fresh_sandbox, run, state, share(state), own=bool(state.code))) == []


@pytest.mark.matrix
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("state", states(), ids=str)
async def test_the_whole_matrix(fresh_sandbox, run, state):
    """Every runbook against two variants of each fault, healthy, and what only looks broken; every other variant on the diagonal."""
    done = already(state)
    others = [name for name in runbooks(state.area) if name != state.code and name not in done] if state in crossed(state.area) else []
    own = bool(state.code) and state.code not in done
    cells = await row(fresh_sandbox, run, state, others, own=own) if others or own else []
    assert wrong(cells) == []
