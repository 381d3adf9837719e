"""What a route demands now and did not before: two versions of the code compared, input by input."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from helpers.git.connect import Checkout
from helpers.git.contract import contract_of
from helpers.git.drift import drifts
from helpers.git.project import Project, read_project
from helpers.git.revisions import commit_of, project_at
from helpers.results import CheckResult, Status

__all__ = ["ContractChange", "contract_changes"]


@dataclass(frozen=True, slots=True)
class ContractChange:
    """One input of one route that became stricter: `field` as the errors name it (`body.items.sku`), where it is declared now."""

    route: str
    field: str
    change: str
    before: str
    owner: str
    file: str
    line: int
    required: bool
    certain: bool


async def contract_changes(
    checkout: Checkout, *, rejected: CheckResult[Any] | None = None, before: str = "", now: str = ""
) -> CheckResult[ContractChange]:
    """Inputs that became stricter between two versions, by route.

    Args:
        checkout: The checkout; tests in it are left out.
        rejected: Of logs.rejected_inputs: names the versions where they are not given.
        before: The version that took what clients send, as a commit, a tag or a branch.
        now: The version that rejects it; empty: what the log says, or else what lies there.

    Returns:
        PROBLEM with a row per input and route, OK when nothing became stricter; UNKNOWN when the versions are not known, or not commits.
        Facts: `before` and `now`, as short hashes; `now` is `working tree` where that was read.

    Raises:
        SystemProblem: git cannot be run, or the versions are too far apart.

    Source: FAULTS.md A7; FastAPI documentation, "Request Body", for what is required.
    """
    told = rejected.facts if rejected is not None else {}
    old, new = before or str(told.get("version_before", "")), now or str(told.get("version", ""))
    if not old:
        remedy = "Give the version that took it as `before`, or have the log say service_version (the commit's short hash)."
        return CheckResult(Status.UNKNOWN, reason="Which version took it before is not known.", remedy=remedy)
    commits = await commit_of(checkout, old), await commit_of(checkout, new) if new else ""
    for name, commit in zip((old, new), commits, strict=True):
        if name and not commit:
            remedy = "Is it the right checkout, with its history (`git fetch --unshallow`)?"
            return CheckResult(Status.UNKNOWN, reason="The checkout has no commit of the version that the log names.", remedy=remedy)
    was = await project_at(checkout, commits[0])
    present = await project_at(checkout, commits[1]) if commits[1] else await read_project(checkout)
    rows = await asyncio.to_thread(_compared, was, present)
    facts = {"before": commits[0][:10], "now": commits[1][:10] or "working tree"}
    span = f"{facts['before']} → {facts['now']}"
    if not rows:
        return CheckResult(Status.OK, [], f"No route demands more than before ({span}).", facts=facts)
    first = rows[0]
    said = f"{len(rows)} inputs became stricter ({span}); first {first.field} of {first.route}, which {first.change}."
    return CheckResult(Status.PROBLEM, rows, said, facts=facts)


def _compared(was: Project, present: Project) -> list[ContractChange]:
    before, now = contract_of(was), contract_of(present)
    rows = []
    for route, inputs in now.items():
        for one in drifts(before[route], inputs) if route in before else ():
            at = one.now
            rows.append(ContractChange(route, one.name, one.change, one.before, at.owner, at.file, at.line, at.required, one.certain))
    return sorted(rows, key=lambda row: (not row.certain, row.route, row.field))
