"""The results of a batch as rows: what the page, the table and junit.xml are made of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from helpers.runner.batches.previous import Change, Earlier, changes, earlier_batches
from helpers.runner.executor import Outcome
from helpers.runner.plan import Plan
from helpers.runner.stored import masked_parameters

__all__ = ["KINDS", "Kind", "ResultRow", "Results", "kind_of", "results_of"]

Kind = Literal["found", "broken", "doubt", "good"]
KINDS: tuple[Kind, ...] = ("found", "broken", "doubt", "good")  # the order in which they want a person
PASSED = {"healthy", "resolved"}
FAILED = {"cause_found", "other_cause", "not_resolved"}
DOUBT = {"inconclusive", "unreachable"}
HISTORY = 8  # batches a panel looks back over: a week of nights, and tonight
NOT_RUN = Outcome("not_run", 4, "The batch ended before this run. `--resume` continues it.")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One run: `report` is the link to its report from the batch's folder, `attempts` how often it was started."""

    run: str
    runbook: str
    profile: str
    parameters: dict[str, Any]
    outcome: Outcome
    attempts: int
    report: str
    change: Change | None

    @property
    def kind(self) -> Kind:
        """What it asks of a person."""
        return kind_of(self.outcome.verdict)


@dataclass(frozen=True, slots=True)
class Results:
    """A batch's rows in the plan's order, what differs from the batch before, and the earlier batches, the newest first."""

    name: str
    folder: Path
    rows: list[ResultRow]
    changes: list[Change]
    earlier: list[Earlier]


def kind_of(verdict: str) -> Kind:
    """Return what a verdict asks of a person: act, repair the run, look, or nothing."""
    if verdict in PASSED:
        return "good"
    return "found" if verdict in FAILED else "doubt" if verdict in DOUBT else "broken"


def results_of(folder: Path, plan: Plan, outcomes: Mapping[str, Outcome], attempts: Mapping[str, int]) -> Results:
    """Return the results of the batch in `folder`; a run without an outcome was not run."""
    earlier = earlier_batches(folder, plan.name, HISTORY)
    differences = changes(folder, plan, outcomes, earlier)
    by_run = {change.run: change for change in differences}
    rows = [
        ResultRow(
            job.name,
            job.runbook,
            job.profile or "",
            masked_parameters(job.parameters),
            outcome := outcomes.get(job.name, NOT_RUN),
            attempts.get(job.name, 0),
            _report(outcome.folder, folder),
            by_run.get(job.name),
        )
        for job in plan.jobs
    ]
    return Results(plan.name, folder, rows, differences, earlier)


def _report(incident: str, folder: Path) -> str:
    if "://" in incident:
        return f"incidents/{quote(incident.rpartition('/')[2])}/report.html"
    report = Path(incident) / "report.html"
    return quote(os.path.relpath(report, folder)) if incident and report.is_file() else ""
