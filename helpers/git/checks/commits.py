"""Which commits a deployment brought, what each changed, and which routes come there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.git.callgraph import CallGraph
from helpers.git.changed_functions import MODULE, changed_functions, files_changed
from helpers.git.connect import Checkout
from helpers.git.history import Commit, commits_between, is_ancestor
from helpers.git.project import Project
from helpers.git.reach import routes_reaching
from helpers.git.revisions import commit_of, project_at
from helpers.git.routes import routes_of
from helpers.results import CheckResult, Status

__all__ = ["DeployedCommit", "commits"]

_FETCH = "Is it the right checkout, with its history (`git fetch --unshallow`)?"


@dataclass(frozen=True, slots=True)
class DeployedCommit:
    """One commit: `functions` that differ as `file:function`, and the `routes` from which each is reached in the version that runs.

    `kind`, `scope` and `is_breaking` are its subject's, by Conventional Commits.
    """

    commit: str
    at: str
    kind: str
    scope: str
    is_breaking: bool
    subject: str
    files: list[str]
    functions: list[str]
    routes: list[list[str]]


async def commits(
    checkout: Checkout, *, steps: CheckResult[Any] | None = None, before: str = "", now: str = ""
) -> CheckResult[DeployedCommit]:
    """Commits between two versions, along the first parent, the oldest first.

    Args:
        checkout: The checkout.
        steps: Of logs.version_steps: names the versions where they are not given.
        before: The version that was good, as a commit, a tag or a branch.
        now: The version that came after it.

    Returns:
        OK with the commits; UNKNOWN when the versions are not known, are not commits, or do not follow each other. Facts: `before` and `now`
        as full hashes, `commits`.

    Raises:
        SystemProblem: git cannot be run, or the versions are too far apart.

    Source: Conventional Commits 1.0.0; git-log, --first-parent.
    """
    told = steps.facts if steps is not None else {}
    old, new = before or str(told.get("version_before", "")), now or str(told.get("version", ""))
    if not old or not new:
        remedy = "Have each log line say service_version (the commit's short hash), or give `before` and `now`."
        return CheckResult(Status.UNKNOWN, reason="Which versions to compare is not known.", remedy=remedy)
    was, present = await commit_of(checkout, old), await commit_of(checkout, new)
    if not was or not present:
        return CheckResult(Status.UNKNOWN, reason="The checkout has no commit of the version that is named.", remedy=_FETCH)
    facts: dict[str, Any] = {"before": was, "now": present}
    if not await is_ancestor(checkout, was, present):
        said = f"{present[:10]} was not made from {was[:10]}: a rollback, or another branch."
        return CheckResult(Status.UNKNOWN, reason=said, remedy="Give the version that was good as `before`.", facts=facts)
    listed = await commits_between(checkout, was, present)
    rows = await _rows(checkout, listed, was, await project_at(checkout, present))
    said = f"{len(rows)} commits lie between {was[:10]} and {present[:10]}."
    return CheckResult(Status.OK, rows, said, facts={**facts, "commits": len(rows)})


async def _rows(checkout: Checkout, listed: Sequence[Commit], base: str, project: Project) -> list[DeployedCommit]:
    reached = await asyncio.to_thread(_reached, project)
    rows = []
    for one in listed:
        base = one.parents[0] if one.parents else base
        names = await changed_functions(checkout, base, one.sha)
        functions = [f"{file}:{function}" for file, function in names]
        routes = [sorted(reached.get(name, ())) for name in functions]
        files = await files_changed(checkout, base, one.sha)
        rows.append(DeployedCommit(one.sha, one.at, one.kind, one.scope, one.is_breaking, one.subject, files, functions, routes))
        base = one.sha
    return rows


def _reached(project: Project) -> dict[str, list[str]]:
    """Return `file:function` → the routes that come there; what stands outside of functions concerns every route that uses the file."""
    graph, routes = CallGraph(project), routes_of(project)
    found = {
        f"{function.module.path}:{function.name}": [str(route) for route in routes_reaching(graph, routes, function)]
        for function in project.functions()
    }
    for function in project.functions():
        whole = f"{function.module.path}:{MODULE}"
        found[whole] = sorted({*found.get(whole, ()), *found[f"{function.module.path}:{function.name}"]})
    return found
