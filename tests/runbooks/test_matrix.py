"""Every Postgres runbook against every state: the right one names the right cause, and no other ever names a wrong one.

`make test` runs each fault's own runbook, the one most easily taken in by it, and one more that rotates with RUNBOOK_MATRIX_SEED
(the count of commits unless given); `make test-matrix` runs all.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.runbooks.cells import Cell, diagonal, off_diagonal
from tests.runbooks.states import CONFUSED, State, crossed, runbooks, states

ROOT = Path(__file__).parents[2]


def seed() -> str:
    """What makes the rotating share: the count of commits, so that each lands on another one."""
    if "RUNBOOK_MATRIX_SEED" in os.environ:
        return os.environ["RUNBOOK_MATRIX_SEED"]
    counted = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return counted.stdout.strip() or "0"


def share(state: State) -> list[str]:
    """The runbooks `make test` runs against a state, besides its own."""
    rest = [name for name in runbooks() if name not in (state.fault, CONFUSED.get(state.fault))]
    rotating = random.Random(f"{seed()} {state}").choice(rest)
    return [*([CONFUSED[state.fault]] if state.fault in CONFUSED else []), rotating]


async def row(fresh_sandbox, run, state: State, others: list[str], *, own: bool) -> list[Cell]:
    """Run `others` against the state, dry; then, where it is a fault, its own runbook with its fix."""
    services = ("postgres",) if state.fault else ("postgres", "redis", "api")
    async with fresh_sandbox(services=services, load_rps=0 if state.fault else 5) as sandbox:
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
@pytest.mark.parametrize("state", states(), ids=str)
async def test_the_right_runbook_names_it_and_its_neighbours_do_not(fresh_sandbox, run, state):
    """On the diagonal cause, subject, fix and undo; beside it no wrong cause."""
    first = state in crossed()
    cells = await row(fresh_sandbox, run, state, share(state) if first else [], own=bool(state.code))
    assert wrong(cells) == []


@pytest.mark.matrix
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("state", states(), ids=str)
async def test_the_whole_matrix(fresh_sandbox, run, state):
    """Every runbook against two variants of each fault, healthy, and what only looks broken; every other variant on the diagonal."""
    others = [name for name in runbooks() if name != state.code] if state in crossed() else []
    cells = await row(fresh_sandbox, run, state, others, own=bool(state.code))
    assert wrong(cells) == []
