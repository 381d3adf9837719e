"""Many runs from one plan: a few at a time, each on its own kernel process, journalled so that a killed batch continues.

The order on the disk is the contract: `started` (with the incident's folder) before a run can have an effect, `finished` after its
document is written. What only started is closed by `recover` and run again; what finished is never repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from helpers.errors import PlanError, UsageError
from helpers.runner.executor import Executor, LocalExecutor, Outcome
from helpers.runner.journal import Journal, Past, read_journal
from helpers.runner.leash import CELL_S, RUN_S
from helpers.runner.plan import Job, Plan, load_plan
from helpers.runner.signals import stop_signals
from helpers.runner.summary import worst, write_summary

__all__ = ["BatchResult", "run_batch"]

Say = Callable[[str], None]
REASON = "The batch was interrupted"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a batch ended: its folder, the worst exit code, and each run's outcome by name."""

    folder: Path
    exit_code: int
    outcomes: dict[str, Outcome]


async def run_batch(
    plan_path: Path,
    workers: int = 2,
    *,
    resume: bool = False,
    out: Path = Path("batches"),
    incidents: Path = Path("incidents"),
    cell_timeout_s: float = CELL_S,
    run_timeout_s: float = RUN_S,
    executor: Executor | None = None,
    say: Say | None = None,
) -> BatchResult:
    """Run a plan; returns when every run has an outcome, or the batch was stopped in order.

    Args:
        plan_path: The YAML plan.
        workers: How many runs at once.
        resume: Continue the newest batch of this plan's name.
        out: Where batches are kept.
        incidents: Where their incidents are kept.
        cell_timeout_s: Seconds one cell may take.
        run_timeout_s: Seconds one run may take.
        executor: Who runs the jobs; this machine by default.
        say: Told one line per run.

    Raises:
        PlanError: the plan is wrong, or there is nothing that fits it to resume; nothing was started.

    """
    if workers < 1:
        raise UsageError(f"A batch needs at least one worker, not {workers}.")
    plan = await load_plan(plan_path)
    folder = _newest(out, plan) if resume else _new_folder(out, plan)
    journal = Journal(folder)
    try:
        past = _past(folder, plan)
        if not past.hash:
            journal.append("planned", hash=plan.hash, name=plan.name, runs=[job.name for job in plan.jobs])
        runner = executor or LocalExecutor(incidents, cell_timeout_s=cell_timeout_s, run_timeout_s=run_timeout_s)
        batch = _Batch(plan, folder, journal, runner, say or (lambda _: None))
        return await batch.run(past, workers)
    finally:
        journal.close()


class _Batch:
    def __init__(self, plan: Plan, folder: Path, journal: Journal, executor: Executor, say: Say) -> None:
        self.plan, self.folder, self.journal, self.executor, self.say = plan, folder, journal, executor, say
        self.outcomes: dict[str, Outcome] = {}
        self.stopped = ""

    async def run(self, past: Past, workers: int) -> BatchResult:
        self.outcomes = {name: _outcome(line) for name, line in past.finished.items()}
        with stop_signals(self.stop):
            await self._take_up(past)
            queue = iter([job for job in self.plan.jobs if job.name not in self.outcomes])
            working = [asyncio.create_task(self._work(queue)) for _ in range(workers)]
            await self._wait(working)
        code = worst([outcome.exit_code for outcome in self.outcomes.values()])
        code = 4 if len(self.outcomes) < len(self.plan.jobs) else code
        self.journal.append("interrupted" if self.stopped else "closed", exit_code=code, reason=self.stopped)
        write_summary(self.folder, self.plan, self.outcomes)
        return BatchResult(self.folder, code, self.outcomes)

    def stop(self, what: str) -> None:
        """Start nothing more, and end in order what runs."""
        self.stopped = self.stopped or f"{REASON}: {what}."
        self.executor.stop(self.stopped)

    async def _wait(self, working: list[asyncio.Task[None]]) -> None:
        """Wait for the workers; being cancelled stops them in order first."""
        try:
            await asyncio.wait(working)
        except asyncio.CancelledError:
            self.stop("cancelled")
            await asyncio.wait(working)
            raise
        for worker in working:
            worker.result()

    async def _work(self, queue: Iterator[Job]) -> None:
        for job in queue:
            if self.stopped:
                return
            await self._one(job)

    async def _one(self, job: Job) -> None:
        self.say(f"{self._count()} {job.name}: started")
        outcome = await self.executor.run(job, lambda folder: self.journal.append("started", run=job.name, folder=str(folder)))
        if outcome.interrupted:
            self.journal.append("stopped", run=job.name, folder=outcome.folder)
            self.say(f"{self._count()} {job.name}: interrupted, {outcome.folder}")
            return
        self._finish(job.name, outcome)

    def _finish(self, name: str, outcome: Outcome) -> None:
        self.journal.append("finished", run=name, **asdict(outcome))
        self.outcomes[name] = outcome
        self.say(f"{self._count()} {name}: {outcome.verdict} in {outcome.duration_s:.1f} s {outcome.folder}".rstrip())

    def _count(self) -> str:
        return f"[{len(self.outcomes)}/{len(self.plan.jobs)}]"

    async def _take_up(self, past: Past) -> None:
        """Close what a killed batch left open: a run whose document is whole is taken over, another is recovered and run again."""
        from helpers.incident.recovery import recover
        from helpers.runner.finish import written

        for name, folder in past.started.items():
            if not folder.is_dir():
                continue
            document = written(folder)
            if document is None:
                self.say(f"{self._count()} {name}: was cut off, its incident {folder.name} is closed")
                await recover(folder, reason="The batch was killed while this ran.", interrupted=True)
                self.journal.append("recovered", run=name, folder=str(folder))
            elif document.broken is None:
                self._finish(name, Outcome(str(document.verdict), document.exit_code, document.summary, str(folder)))


def _outcome(line: dict[str, object]) -> Outcome:
    return Outcome(**{name: line[name] for name in Outcome.__slots__})  # type: ignore[arg-type]


def _new_folder(out: Path, plan: Plan) -> Path:
    base = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{plan.name}"
    for number in range(1, 1000):
        folder = out / (base if number == 1 else f"{base}.{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder.resolve()
    raise UsageError(f"{out} cannot hold another batch {base}.")


def _newest(out: Path, plan: Plan) -> Path:
    """Return the newest batch folder of this plan's name. Raises PlanError when there is none."""
    names = (plan.name, *(f"{plan.name}.{n}" for n in range(2, 1000)))
    found = [path for path in out.glob("*Z-*") if path.name.partition("-")[2] in names and (path / "journal.jsonl").is_file()]
    if not found:
        raise PlanError([f"There is no batch {plan.name} under {out} to resume."], remedy="Start it without --resume.")
    return max(found, key=lambda path: (path.name.partition("-")[0], len(path.name), path.name)).resolve()


def _past(folder: Path, plan: Plan) -> Past:
    past = read_journal(folder)
    if past.hash and past.hash != plan.hash:
        raise PlanError(
            [f"The plan {plan.name} changed since the batch {folder.name} was started."],
            remedy="Put the plan back as it was to resume, or start a new batch without --resume.",
        )
    return past
