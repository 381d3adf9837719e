"""Run or check a plan and tell: progress for people on stderr, JSON lines for programs on stdout."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.runner.batch import BatchResult
    from helpers.runner.batches.telling import BatchEvent

__all__ = ["check_and_tell", "run_and_tell"]

MOST_CHANGES = 20  # lines on a terminal; the page has all


async def check_and_tell(plan_path: Path, *, here: bool, as_json: bool) -> int:
    """Check a plan and list its runs; returns 0. Raises PlanError with every mistake."""
    from helpers.cli.console import print_line, say, table
    from helpers.runner.plan import load_plan
    from helpers.runner.stored import masked_parameters

    plan = await load_plan(plan_path, here=here)
    if as_json:
        for job in plan.jobs:
            told = asdict(job) | {"parameters": masked_parameters(job.parameters), "burdens": plan.burdens.get(job.name, {})}
            print_line({"event": "planned", **told})
        return 0
    rows = [
        {"run": j.name, "runbook": j.runbook, "profile": j.profile or "", "with": _given(masked_parameters(j.parameters))}
        for j in plan.jobs
    ]
    table(f"{plan.name}: {len(plan.jobs)} runs", rows)
    for server, most in sorted(plan.bears.items()):
        say(f"{server}: {most} at a time")
    return 0


def _given(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


async def run_and_tell(plan_path: Path, workers: int, *, as_json: bool, **options: Any) -> int:
    """Run a plan; returns the exit code. Raises PlanError when nothing could be started."""
    from helpers.runner import run_batch
    from helpers.runner.batches.live import BatchProgress

    with BatchProgress() as progress:

        def on_event(event: BatchEvent) -> None:
            progress(event)
            if as_json:
                _print_finished(event)

        result = await run_batch(plan_path, workers, on_event=on_event, **options)
    _tell(result, as_json=as_json)
    return result.exit_code


def _print_finished(event: BatchEvent) -> None:
    from helpers.cli.console import print_line

    if event.kind == "finished" and event.job is not None and event.outcome is not None:
        print_line(
            {
                "event": "finished",
                "run": event.job.name,
                "runbook": event.job.runbook,
                "profile": event.job.profile,
                **asdict(event.outcome),
            }
        )


def _tell(result: BatchResult, *, as_json: bool) -> None:
    from helpers.cli.console import print_line, say

    verdicts = [outcome.verdict for outcome in result.outcomes.values()]
    tally = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    if as_json:
        changes = [asdict(change) for change in result.changes]
        print_line({"event": "closed", "folder": str(result.folder), "exit_code": result.exit_code, "verdicts": tally, "changes": changes})
    say("\n" + ", ".join(f"{count} {verdict}" for verdict, count in tally.items()))
    for change in result.changes[:MOST_CHANGES]:
        say(f"  → {change.text}")
    if len(result.changes) > MOST_CHANGES:
        say(f"  → {len(result.changes) - MOST_CHANGES} more changes since the batch before are on the page.")
    say(f"\n{result.page}")
