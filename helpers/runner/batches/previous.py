"""What is different from the batch before: runs that are new or gone, and verdicts that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from helpers.errors import PlanError
from helpers.runner.batches.folders import batches_of
from helpers.runner.executor import Outcome
from helpers.runner.journal import read_journal
from helpers.runner.plan import Plan

__all__ = ["Change", "Earlier", "changes", "earlier_batches"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `before` and `after` are verdicts, with the subject of their cause, empty where there is none."""

    run: str
    kind: Literal["new", "gone", "changed"]
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The difference in a line."""
        said = {"new": f"new, {self.after}", "gone": f"gone, was {self.before}", "changed": f"{self.before} → {self.after}"}
        return f"{self.run}: {said[self.kind]}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier batch of the same name: its folder's name, and the line of each run that finished."""

    name: str
    finished: dict[str, dict[str, Any]]

    def tally(self) -> dict[str, Counter[str]]:
        """Return, for each profile, how often each verdict was reached."""
        found: dict[str, Counter[str]] = {}
        for line in self.finished.values():
            found.setdefault(str(line.get("profile", "")), Counter())[str(line["verdict"])] += 1
        return found


def earlier_batches(folder: Path, plan_name: str, most: int) -> list[Earlier]:
    """Return the batches of this name before the one in `folder`, the newest first; what cannot be read is passed over."""
    there = batches_of(folder.parent, plan_name)
    before = there[: there.index(folder)] if folder in there else there
    found: list[Earlier] = []
    for path in reversed(before):
        try:
            finished = read_journal(path).finished
        except PlanError:
            continue
        if finished:
            found.append(Earlier(path.name, finished))
        if len(found) == most:
            break
    return found


def changes(folder: Path, plan: Plan, outcomes: Mapping[str, Outcome], earlier: list[Earlier] | None = None) -> list[Change]:
    """Return what differs from the batch before; nothing when there was none. A run that has not finished yet is no difference."""
    earlier = earlier_batches(folder, plan.name, 1) if earlier is None else earlier
    if not earlier:
        return []
    before = {name: _said(line["verdict"], line.get("subject", "")) for name, line in earlier[0].finished.items()}
    after = {name: _said(o.verdict, o.subject) for name, o in outcomes.items()}
    planned = {job.name for job in plan.jobs}
    found = [Change(n, "changed", before[n], said) for n, said in after.items() if n in before and before[n] != said]
    found += [Change(n, "new", "", said) for n, said in after.items() if n not in before]
    return found + [Change(n, "gone", said) for n, said in before.items() if n not in planned]


def _said(verdict: str, subject: str) -> str:
    return f"{verdict} ({subject})" if subject else verdict
