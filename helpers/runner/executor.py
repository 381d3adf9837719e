"""Who runs the jobs of a batch: the machine here, or, with the same three lines of contract, a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from helpers.errors import RunbookError, UsageError
from helpers.runner.leash import CELL_S, RUN_S, Leash
from helpers.runner.plan import Job

__all__ = ["Executor", "LocalExecutor", "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: `verdict` is the incident's, `broken` when the run itself broke, `refused` when it could not start."""

    verdict: str
    exit_code: int
    summary: str
    folder: str = ""
    duration_s: float = 0.0
    interrupted: bool = False


class Executor(Protocol):
    """Runs jobs. `started` must be called with the incident's folder before anything of the job can have an effect."""

    async def run(self, job: Job, started: Callable[[Path], None]) -> Outcome:
        """Run one job to its outcome; never raises for what the job does."""
        ...

    def stop(self, reason: str) -> None:
        """End every running job in order; their `run` still returns an outcome."""
        ...


class LocalExecutor:
    """Runs each job in this process by papermill, on a kernel process of its own."""

    def __init__(self, incidents: Path, *, cell_timeout_s: float = CELL_S, run_timeout_s: float = RUN_S) -> None:
        self.incidents = incidents
        self.limits = (cell_timeout_s, run_timeout_s)
        self._running: dict[int, Leash] = {}

    async def run(self, job: Job, started: Callable[[Path], None]) -> Outcome:
        """Run one job to its outcome; a profile or notebook that broke since the plan was checked is `refused`."""
        from helpers.runner.prepare import prepare
        from helpers.runner.run import new_incident, perform

        began = time.monotonic()
        leash = Leash(*self.limits)
        self._running[id(leash)] = leash
        try:
            prepared = await prepare(job.runbook, job.parameters, profile=job.profile, apply=job.apply, confirm=job.confirm)
            folder = new_incident(prepared, self.incidents)
            started(folder)
            result = await perform(prepared, leash, folder)
        except UsageError as error:
            return Outcome("refused", error.exit_code, str(error), duration_s=round(time.monotonic() - began, 1))
        except RunbookError as error:  # the evidence itself cannot be used: the others go on
            return Outcome("broken", 4, str(error), duration_s=round(time.monotonic() - began, 1))
        finally:
            del self._running[id(leash)]
        document = result.document
        verdict = "broken" if document.broken else str(document.verdict)
        summary = document.broken or document.summary
        return Outcome(verdict, result.exit_code, summary, str(folder), round(time.monotonic() - began, 1), leash.interrupted)

    def stop(self, reason: str) -> None:
        """Pull every leash."""
        for leash in self._running.values():
            leash.stop(reason)
