"""Which commit of a deployment made it worse, measured: revisions are built, started and asked, in a throw-away clone.

This runs code of the checkout, with the commands given for it; nothing is run unless they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from helpers.git.bisecting.clone import throw_away
from helpers.git.bisecting.measured import Measure, answer_at
from helpers.git.bisecting.search import MOST, Answer, Found, first_bad
from helpers.git.connect import Checkout
from helpers.results import CheckResult, Status
from helpers.settings import DeployCommands
from helpers.statistics import Expectation

__all__ = ["Tried", "bisect"]

TEXT = (".md", ".rst", ".adoc")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """One revision that was built: good, bad or skip, and why."""

    commit: str
    answer: str
    why: str


async def bisect(
    checkout: Checkout, *, commits: CheckResult[Any] | None = None, enabled: bool = False,
    commands: Callable[[], DeployCommands | None] | None = None, measure: Measure | None = None,
    expect: str = "error_pct < 1", most: int = MOST, progress: Progress | None = None,
) -> CheckResult[Tried]:  # fmt: skip
    """Revisions that were built and measured, in the order in which they were; the fact `first_bad` is the commit that was found.

    Args:
        checkout: The checkout; it is read only.
        commits: Of git.commits: the revisions, the oldest first; those that change documentation only are not built.
        enabled: Whether code of the checkout may be run at all.
        commands: Tells how a revision is built and started.
        measure: Returns samples in ms of what runs at an address.
        expect: What holds for a good revision, such as `error_pct < 1`.
        most: Revisions that are built, at most.
        progress: Told a sentence for each revision.

    Returns:
        PROBLEM with the first bad commit as `first_bad`; UNKNOWN with `candidates` where several are left, or where the trouble does not
        show in what is built here; SKIPPED without commands, or with fewer than two commits.

    Raises:
        SystemProblem: git cannot be run.

    Source: git-bisect(1).
    """
    how = commands() if enabled and commands is not None else None
    if how is None or measure is None:
        remedy = "Ask for it with `bisect` and `endpoint`, and say in the profile's `deploy` how a revision is built and started."
        return CheckResult(Status.SKIPPED, reason="Revisions are built and started only when they are asked for.", remedy=remedy)
    listed = [str(row.commit) for row in commits.rows if not _is_text(row.files)] if commits is not None else []
    if not listed or commits is None:
        return CheckResult(
            Status.SKIPPED, reason="There are no commits to choose from.", remedy="Give the version that was good as `before`."
        )
    tried: list[Tried] = []
    expectation = Expectation.parse(expect, "ms")
    async with throw_away(checkout) as clone:

        async def ask(place: int) -> Answer:
            commit = listed[place] if place >= 0 else str(commits.facts["before"])
            answer, why = await answer_at(clone, commit, how, measure, expectation)
            tried.append(Tried(commit, answer.value, why))
            if progress is not None:
                progress(f"{len(tried)}: {commit[:10]} is {answer} ({why}).")
            return answer

        found = await first_bad(len(listed), ask, most=most)
    return _result(found, listed, tried)


def _is_text(files: Sequence[str]) -> bool:
    """Whether a commit changed what people read only: it runs as the one before it does, and needs no build."""
    return all(PurePosixPath(name).suffix.lower() in TEXT for name in files)


def _result(found: Found, listed: list[str], tried: list[Tried]) -> CheckResult[Tried]:
    facts: dict[str, Any] = {"builds": len(tried), "first_bad": "", "candidates": [listed[place] for place in found.candidates]}
    if found.place is not None:
        facts["first_bad"] = listed[found.place]
        said = f"{listed[found.place][:10]} is the first bad of {len(listed)} commits, after {len(tried)} builds."
        return CheckResult(Status.PROBLEM, tried, said, facts=facts)
    reason = found.why or f"Any of {len(found.candidates)} commits may be the first bad one: those between cannot be judged."
    remedy = "Is what the routes need (database, cache, settings) there, and the request one that shows the trouble?"
    return CheckResult(Status.UNKNOWN, tried, reason=reason, remedy=remedy, facts=facts)
