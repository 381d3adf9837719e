"""Many runs from one plan: a few at a time, each on its own kernel process, journalled so that a killed batch continues.

The order on the disk is the contract: `started` (with the incident's folder) before a run can have an effect, `finished` after its
document is written. What only started is closed by `recover` and run again; what finished is never repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.errors import UsageError
from helpers.runner.batches.folders import new_folder, newest, past_of
from helpers.runner.batches.previous import Change, changes
from helpers.runner.batches.running import RunningBatch
from helpers.runner.batches.telling import BatchEvent, OnBatchEvent
from helpers.runner.executor import Executor, LocalExecutor, Outcome
from helpers.runner.journal import Journal
from helpers.runner.plan import load_plan
from helpers.runner.summary import worst, write_summary

__all__ = ["BatchResult", "run_batch"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a batch ended: its folder, the worst exit code, each run's outcome by name, and what is different from the batch before."""

    folder: Path
    exit_code: int
    outcomes: dict[str, Outcome]
    changes: list[Change]

    @property
    def page(self) -> str:
        """Where index.html is."""
        return str(self.folder / "index.html")


async def run_batch(
    plan_path: Path,
    workers: int = 2,
    *,
    resume: bool = False,
    out: Path = Path("batches"),
    incidents: Path = Path("incidents"),
    cell_timeout_s: float | None = None,
    run_timeout_s: float | None = None,
    batch_timeout_s: float | None = None,
    executor: Executor | None = None,
    say: Say | None = None,
    on_event: OnBatchEvent | None = None,
) -> BatchResult:
    """Run a plan; returns when every run has an outcome, or the batch was stopped in order.

    Args:
        plan_path: The YAML plan.
        workers: How many runs at once.
        resume: Continue the newest batch of this plan's name.
        out: Where batches are kept.
        incidents: Where their incidents are kept.
        cell_timeout_s: Seconds one cell may take; default: the plan's.
        run_timeout_s: Seconds one run may take; default: the plan's.
        batch_timeout_s: Seconds the whole may take, from now; default: the plan's.
        executor: Who runs the jobs; this machine by default.
        say: Told one line per thing that happens.
        on_event: Told the same as events.

    Raises:
        PlanError: the plan is wrong, or there is nothing that fits it to resume; nothing was started.

    """
    if workers < 1:
        raise UsageError(f"A batch needs at least one worker, not {workers}.")
    given = {"cell_s": cell_timeout_s, "run_s": run_timeout_s, "batch_s": batch_timeout_s}
    plan = await load_plan(plan_path, here=executor is None or isinstance(executor, LocalExecutor))
    plan = replace(plan, limits=plan.limits.model_copy(update={name: value for name, value in given.items() if value is not None}))
    folder = newest(out, plan.name) if resume else new_folder(out, plan.name)
    runner = executor or LocalExecutor(incidents, cell_timeout_s=plan.limits.cell_s, run_timeout_s=plan.limits.run_s)
    journal = Journal(folder)
    try:
        past = past_of(folder, plan)
        batch = RunningBatch(plan, journal, past, runner, [folder, incidents], _teller(say, on_event))
        if not past.hash:
            journal.append("planned", hash=plan.hash, name=plan.name, runs=plan.fingerprints, runbooks=plan.runbooks)
        code = await batch.run(workers)
        return await _closed(batch, folder, code)
    finally:
        journal.close()


async def _closed(batch: RunningBatch, folder: Path, code: int) -> BatchResult:
    """Sum up, on a full disk as soon as there is room again."""
    outcomes = batch.outcomes
    code = worst([code, *(outcome.exit_code for outcome in outcomes.values())])
    event = "interrupted" if batch.stopped else "closed"
    await batch.disk.write(lambda: batch.journal.append(event, exit_code=code, reason=batch.stopped))
    attempts = {name: batch.attempts.of(name) for name in outcomes}
    await batch.disk.write(lambda: _write(folder, batch, attempts))
    return BatchResult(folder, code, outcomes, changes(folder, batch.plan, outcomes))


def _write(folder: Path, batch: RunningBatch, attempts: dict[str, int]) -> None:
    write_summary(folder, batch.plan, batch.outcomes, attempts)


def _teller(say: Say | None, on_event: OnBatchEvent | None) -> OnBatchEvent:
    def tell(event: BatchEvent) -> None:
        if on_event is not None:
            on_event(event)
        if say is not None and event.kind != "begun":
            say(f"[{event.done}/{event.total}] {event.text}")

    return tell
