"""A batch while it runs: workers take turns, every step is in the journal first, and a stop or a full disk loses nothing."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

from helpers.runner.batches.attempts import Attempts
from helpers.runner.batches.disk import Disk
from helpers.runner.batches.schema import Job
from helpers.runner.batches.telling import BatchEvent, OnBatchEvent
from helpers.runner.batches.turns import Turns
from helpers.runner.executor import LOST, NO_SPACE, Executor, Outcome
from helpers.runner.journal import Journal, Past
from helpers.runner.plan import Plan
from helpers.runner.signals import stop_signals

__all__ = ["RunningBatch"]

REASON = "The batch was interrupted"
KILLED = "The batch was killed while this ran."
LOST_WORKER = "The batch was left by the worker that ran this."
NO_ROOM = "The batch was interrupted by a full disk."


class RunningBatch:
    """One batch; `outcomes` grows while it runs, `stopped` says why it was ended before its end, `asked` whether a person did."""

    def __init__(self, plan: Plan, journal: Journal, past: Past, executor: Executor, folders: list[Path], tell: OnBatchEvent) -> None:
        self.plan, self.journal, self.executor, self._tell = plan, journal, executor, tell
        self.past = past
        self.outcomes = {name: _outcome(line) for name, line in past.finished.items()}
        self.attempts = Attempts(plan.retries, past.attempts)
        self.disk = Disk(folders, self.say, lambda: bool(self.stopped))
        self.turns = Turns([], {}, {})
        self.stopped, self.asked = "", False

    def say(self, text: str) -> None:
        """Tell something that is not of one run."""
        self._event("said", text)

    async def run(self, workers: int) -> int:
        """Run what has not finished; returns the exit code that only the batch itself knows of: 4 when runs are missing, else 0."""
        limit = asyncio.get_running_loop().call_later(self.plan.limits.batch_s, self._over)
        try:
            with stop_signals(self._signalled):
                self._event("begun", f"{self.plan.name}: {len(self.plan.jobs)} runs, {workers} at once.")
                await self._take_up()
                self.turns = Turns([j for j in self.plan.jobs if j.name not in self.outcomes], self.plan.burdens, self.plan.bears)
                if not self.stopped:
                    await self._wait([asyncio.create_task(self._work()) for _ in range(workers)])
        finally:
            limit.cancel()
        return 4 if len(self.outcomes) < len(self.plan.jobs) else 0

    def stop(self, what: str) -> None:
        """Start nothing more, and end in order what runs."""
        self.stopped = self.stopped or f"{REASON}: {what}."
        self.turns.close()
        self.executor.stop(self.stopped)

    def _over(self) -> None:
        self.say(f"The batch did not end within its limit of {self.plan.limits.batch_s:g} s: what runs is ended in order.")
        self.stop(f"its limit of {self.plan.limits.batch_s:g} s is over")

    def _signalled(self, what: str) -> None:
        if self.asked:  # the second time: whoever asks twice wants out, and the journal is whole at any moment
            self._event("left", f"{what} again: left at once. `--resume` closes what was running.")
            os._exit(4)
        else:
            self.asked = True
            self.say(f"{what}: what runs is ended in order; once more to leave at once.")
            self.stop(what)

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

    async def _work(self) -> None:
        while (job := await self.turns.take()) is not None:
            try:
                wait_s = await self._one(job)
            except BaseException:
                self.stop(f"the run {job.name} could not be journalled")
                raise
            if wait_s is None:
                self.turns.done(job)
            else:
                self.turns.again(job, wait_s)

    async def _one(self, job: Job) -> float | None:
        """Run one job; returns the seconds after which it is to be tried again, None when it is over."""
        if not await self.disk.room():
            return None
        self._event("started", f"{job.name}: started", job)
        outcome = await self.executor.run(job, lambda folder: self.journal.append("started", run=job.name, folder=folder))
        return await self._judge(job, outcome)

    async def _judge(self, job: Job, outcome: Outcome) -> float | None:
        if outcome.interrupted:
            await self._note("stopped", run=job.name, folder=outcome.folder)
            self._event("stopped", f"{job.name}: interrupted, {outcome.folder}", job, outcome)
            return None
        if outcome.verdict in (LOST, NO_SPACE) and outcome.folder:
            closed, ended = await self._closed(job.name, outcome.folder, LOST_WORKER if outcome.verdict == LOST else NO_ROOM)
            if not closed:
                return None  # stopped meanwhile: the journal says `started`, and `--resume` closes it
            outcome = ended or outcome
        again = self.attempts.after(job.name, outcome)
        if again is None:
            await self._finish(job, outcome)
            return None
        await self._note("attempted", run=job.name, why=again.why, number=again.number, **asdict(outcome))
        wait = f" in {again.wait_s:g} s" if again.wait_s else ""
        self._event(
            "attempted",
            f"{job.name}: {again.why} ({outcome.summary}); again{wait}, for the {self.attempts.of(job.name)}. time",
            job,
            outcome,
        )
        return again.wait_s

    async def _closed(self, name: str, folder: str, reason: str) -> tuple[bool, Outcome | None]:
        """Close what was left of a run. Returns whether that was done, and its outcome where it had ended by itself all the same."""

        async def recover() -> tuple[bool, Outcome | None]:
            return True, await self.executor.recover(folder, reason)

        closed, ended = await self.disk.through(recover) or (False, None)
        if closed and ended is None:
            await self._note("recovered", run=name, folder=folder)
        return closed, ended

    async def _finish(self, job: Job, outcome: Outcome) -> None:
        facts = {"runbook": job.runbook, "profile": job.profile or "", "attempts": self.attempts.of(job.name)}
        if await self._note("finished", run=job.name, **facts, **asdict(outcome)):
            self.outcomes[job.name] = outcome
            self._event("finished", f"{job.name}: {outcome.verdict} in {outcome.duration_s:.1f} s {outcome.folder}".rstrip(), job, outcome)

    async def _take_up(self) -> None:
        """Close what a killed batch left open: a run whose document is whole is taken over, another is recovered and run again."""
        jobs = {job.name: job for job in self.plan.jobs}
        for name, folder in list(self.past.started.items()):
            if not await self.disk.room():
                return
            closed, ended = await self._closed(name, folder, KILLED)
            if ended is not None:
                await self._judge(jobs[name], ended)
            elif closed:
                self.say(f"{name}: was cut off, its incident {Path(folder).name} is closed")

    async def _note(self, event: str, **data: object) -> bool:
        """Write a line; on a full disk wait until it can be written. False when the batch was stopped before that."""
        return await self.disk.write(lambda: self.journal.append(event, **data))

    def _event(self, kind: str, text: str, job: Job | None = None, outcome: Outcome | None = None) -> None:
        self._tell(BatchEvent(kind, text, len(self.outcomes), len(self.plan.jobs), job, outcome))  # type: ignore[arg-type]


def _outcome(line: dict[str, object]) -> Outcome:
    return Outcome(**{name: line[name] for name in Outcome.__slots__ if name in line})  # type: ignore[arg-type]
