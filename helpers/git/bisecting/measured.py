"""What a revision is, measured by the incident's own expectation; what is not decided is measured again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from helpers.contracts import Sample
from helpers.errors import SystemProblem
from helpers.git.bisecting.clone import Clone
from helpers.git.bisecting.search import Answer
from helpers.git.bisecting.server import NotRunning, running
from helpers.settings import DeployCommands
from helpers.statistics import Expectation, Holds, summarise

__all__ = ["Measure", "answer_at"]

ROUNDS = 4  # the samples that a noisy revision is given before it counts as undecided
Measure = Callable[[str], Awaitable[Sequence[Sample]]]


async def answer_at(clone: Clone, commit: str, commands: DeployCommands, measure: Measure, expect: Expectation) -> tuple[Answer, str]:
    """Return what a revision is, and why; SKIP where it does not build or start, or its samples do not decide after ROUNDS.

    Args:
        clone: Where it is put.
        commit: Its hash.
        commands: How it is built and started.
        measure: Returns samples of what runs at an address.
        expect: What must hold for it to be good.

    Raises:
        SystemProblem: git cannot be run.

    """
    await clone.switch(commit)
    samples: list[Sample] = []
    try:
        async with running(commands, clone.folder) as address:
            for _ in range(ROUNDS):
                samples += await measure(address)
                holds, value = expect.judge(summarise(samples))
                if holds is not Holds.UNCLEAR:
                    return Answer.GOOD if holds is Holds.YES else Answer.BAD, f"{value:.3g} in {len(samples)} samples"
    except NotRunning as refused:
        return Answer.SKIP, str(refused)
    except SystemProblem as problem:
        return Answer.SKIP, problem.reason
    return Answer.SKIP, f"{len(samples)} samples do not decide"
