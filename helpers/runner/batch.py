"""Many runs from one plan: a few at a time, each on its own kernel process, journalled so that a killed batch continues.

The order on the disk is the contract: `started` (with the incident's folder) before a run can have an effect, `finished` after its
document is written. What only started is closed by `recover` and run again; what finished is never repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.errors import UsageError
from helpers.runner.batches.folders import new_folder, newest, past_of
from helpers.runner.batches.places import Place
from helpers.runner.batches.previous import Change, changes
from helpers.runner.batches.running import RunningBatch
from helpers.runner.batches.telling import BatchEvent, OnBatchEvent
from helpers.runner.executor import Executor, Outcome
from helpers.runner.journal import Journal
from helpers.runner.plan import Plan, load_plan
from helpers.runner.summary import worst, write_summary
from helpers.runner.zygote import warm_kernels

__all__ = ["BatchResult", "run_batch"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a batch ended: its folder and page, the worst exit code, each run's outcome by name, what differs from the batch before."""

    folder: Path
    page: str
    exit_code: int
    outcomes: dict[str, Outcome]
    changes: list[Change]


async def run_batch(
    plan_path: Path,
    workers: int = 2,
    *,
    resume: bool = False,
    out: Path | str = Path("batches"),
    incidents: Path = Path("incidents"),
    cell_timeout_s: float | None = None,
    run_timeout_s: float | None = None,
    batch_timeout_s: float | None = None,
    scheduler: str = "",
    executor: Executor | None = None,
    say: Say | None = None,
    on_event: OnBatchEvent | None = None,
) -> BatchResult:
    """Run a plan; returns when every run has an outcome, or the batch was stopped in order.

    Args:
        plan_path: The YAML plan.
        workers: How many runs at once.
        resume: Continue the newest batch of this plan's name.
        out: Where batches are kept; an address such as s3://… gets a copy of everything, incidents included.
        incidents: Where their incidents are kept; with an address, or on a cluster, they are in the batch's folder.
        cell_timeout_s: Seconds one cell may take; default: the plan's.
        run_timeout_s: Seconds one run may take; default: the plan's.
        batch_timeout_s: Seconds the whole may take, from now; default: the plan's.
        scheduler: The address of a Dask scheduler; empty: the runs are this machine's.
        executor: Who runs the jobs, instead of both.
        say: Told one line per thing that happens.
        on_event: Told the same as events.

    Raises:
        PlanError: the plan is wrong, or there is nothing that fits it to resume; nothing was started.
        UsageError: no scheduler, or no such place to write to; nothing was started.

    """
    if workers < 1:
        raise UsageError(f"A batch needs at least one worker, not {workers}.")
    given = {"cell_s": cell_timeout_s, "run_s": run_timeout_s, "batch_s": batch_timeout_s}
    plan = await load_plan(plan_path, here=not scheduler)
    plan = replace(plan, limits=plan.limits.model_copy(update={name: value for name, value in given.items() if value is not None}))
    place = Place(out, incidents, scheduler)
    place.check(plan)
    folder = newest(place.root, plan.name) if resume else new_folder(place.root, plan.name)
    async with nullcontext() if scheduler or executor else warm_kernels(), place.executor(folder, plan) as runner:
        return await _journalled(plan, folder, place, executor or runner, workers, _teller(say, on_event))


async def _journalled(plan: Plan, folder: Path, place: Place, executor: Executor, workers: int, tell: OnBatchEvent) -> BatchResult:
    journal = Journal(folder)
    try:
        past = past_of(folder, plan)
        batch = RunningBatch(plan, journal, past, executor, [folder, place.incidents(folder)], tell)
        if not past.hash:
            journal.append("planned", hash=plan.hash, name=plan.name, runs=plan.fingerprints, runbooks=plan.runbooks)
        code = await batch.run(workers)
        return await _closed(batch, folder, place, code)
    finally:
        journal.close()


async def _closed(batch: RunningBatch, folder: Path, place: Place, code: int) -> BatchResult:
    """Sum up, on a full disk as soon as there is room again."""
    outcomes = batch.outcomes
    code = worst([code, *(outcome.exit_code for outcome in outcomes.values())])
    event = "interrupted" if batch.stopped else "closed"
    leaks: list[str] = []
    await batch.disk.write(lambda: batch.journal.append(event, exit_code=code, reason=batch.stopped))
    await batch.disk.write(lambda: _write(folder, batch, leaks))
    for leak in leaks:
        batch.say(leak)
    page = await place.published(folder)
    return BatchResult(folder, page, worst([code, 4 if leaks else 0]), outcomes, changes(folder, batch.plan, outcomes))


def _write(folder: Path, batch: RunningBatch, leaks: list[str]) -> None:
    write_summary(folder, batch.plan, batch.outcomes, {name: batch.attempts.of(name) for name in batch.outcomes}, leaks)


def _teller(say: Say | None, on_event: OnBatchEvent | None) -> OnBatchEvent:
    def tell(event: BatchEvent) -> None:
        if on_event is not None:
            on_event(event)
        if say is not None and event.kind != "begun":
            say(f"[{event.done}/{event.total}] {event.text}")

    return tell
