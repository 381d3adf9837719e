"""Who runs the jobs of a batch: the machine here, or, with the same contract, a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from helpers.errors import RunbookError, UsageError
from helpers.runner.batches.disk import is_full
from helpers.runner.leash import CELL_S, RUN_S, Leash
from helpers.runner.plan import Job

if TYPE_CHECKING:
    from helpers.incident.document import IncidentDocument

__all__ = [
    "CUT_OFF",
    "LOST",
    "NO_SPACE",
    "Executor",
    "LocalExecutor",
    "Outcome",
    "Started",
    "outcome_of",
    "perform_job",
    "recover_folder",
    "why_not",
]

LOST = "lost"  # the worker that ran it is gone
NO_SPACE = "no_space"  # the disk was full before or while it ran
CUT_OFF = "The batch was "  # so begin the reasons of a batch for ending a run that did not end by itself
Started = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: `verdict` is the incident's, `broken` when the run itself broke, `refused` when it could not start.

    `cause` is a failure mode and `subject` what has it, where one was named.
    """

    verdict: str
    exit_code: int
    summary: str
    folder: str = ""
    duration_s: float = 0.0
    interrupted: bool = False
    cause: str = ""
    subject: str = ""
    started_at: str = ""


class Executor(Protocol):
    """Runs jobs. `started` must be called with the incident's folder before anything of the job can have an effect."""

    async def run(self, job: Job, started: Started) -> Outcome:
        """Run one job to its outcome; never raises for what the job does."""
        ...

    async def recover(self, folder: str, reason: str) -> Outcome | None:
        """Close the incident of a run that was cut off, and return None; return its outcome where it had ended by itself."""
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

    async def run(self, job: Job, started: Started) -> Outcome:
        """Run one job to its outcome; a profile or notebook that broke since the plan was checked is `refused`."""
        began = time.monotonic()
        leash = Leash(*self.limits)
        self._running[id(leash)] = leash
        folder = ""

        def begin(where: str) -> None:
            nonlocal folder
            started(where)
            folder = where

        try:
            return await perform_job(job, self.incidents, leash, begin)
        except (RunbookError, OSError) as error:
            verdict, code = why_not(error)
            return Outcome(verdict, code, str(error), folder, duration_s=round(time.monotonic() - began, 1))
        finally:
            del self._running[id(leash)]

    async def recover(self, folder: str, reason: str) -> Outcome | None:
        """Close the incident of a run that was cut off: an unproven fix is undone; see Executor."""
        return await recover_folder(Path(folder), reason)

    def stop(self, reason: str) -> None:
        """Pull every leash."""
        for leash in self._running.values():
            leash.stop(reason)


def why_not(error: Exception) -> tuple[str, int]:
    """Return the verdict and exit code of a run that could not start or be kept; raises what is a bug."""
    if is_full(error):
        return NO_SPACE, 4
    if isinstance(error, UsageError):
        return "refused", error.exit_code
    if isinstance(error, RunbookError):  # the evidence itself cannot be used: the others go on
        return "broken", 4
    raise error


async def perform_job(job: Job, incidents: Path, leash: Leash, started: Started) -> Outcome:
    """Run one job on this machine.

    Raises:
        UsageError: it could not start.
        RunbookError, OSError: its evidence cannot be used, or written.

    """
    from helpers.runner.prepare import prepare
    from helpers.runner.run import new_incident, perform

    began = time.monotonic()
    prepared = await prepare(job.runbook, job.parameters, profile=job.profile, apply=job.apply, confirm=job.confirm)
    folder = new_incident(prepared, incidents)
    try:
        started(str(folder))
    except OSError:
        folder.rmdir()
        raise
    result = await perform(prepared, leash, folder)
    return outcome_of(result.document, str(folder), interrupted=leash.interrupted, duration_s=time.monotonic() - began)


def outcome_of(document: IncidentDocument, folder: str, *, interrupted: bool = False, duration_s: float | None = None) -> Outcome:
    """Return what an incident's document says as an outcome."""
    verdict, summary = ("broken", document.broken) if document.broken else (str(document.verdict), document.summary)
    if duration_s is None:
        ended = datetime.fromisoformat(document.finished_at or document.started_at)
        duration_s = (ended - datetime.fromisoformat(document.started_at)).total_seconds()
    cause = document.cause
    named = (cause.code, cause.subject) if cause else ("", "")
    return Outcome(verdict, document.exit_code, summary, folder, round(duration_s, 1), interrupted, *named, document.started_at)


async def recover_folder(folder: Path, reason: str) -> Outcome | None:
    """Close the incident in a folder; returns None, or its outcome where the run had ended by itself, whatever its verdict."""
    from helpers.incident.recovery import recover
    from helpers.runner.finish import written

    document = written(folder)
    if document is None:
        if _is_there(folder):
            await recover(folder, reason=reason, interrupted=True)
        return None
    cut_off = CUT_OFF in (document.broken or "")
    return None if cut_off else outcome_of(document, str(folder))


def _is_there(folder: Path) -> bool:
    return folder.is_dir()
