"""The newest deployments of a project: which commit, for which environment, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.results import CheckResult, Status
from helpers.vercel.answers import instant
from helpers.vercel.connect import Vercel

__all__ = ["Deployment", "deployments"]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment; `live` is whether it serves production now, `commit` empty where it did not come from git."""

    id: str
    environment: str
    state: str
    at: str
    commit: str
    branch: str
    live: bool


async def deployments(vercel: Vercel, *, most: int = 20) -> CheckResult[Deployment]:
    """The newest deployments, the newest first.

    Args:
        vercel: The project.
        most: How many.

    Returns:
        OK with the deployments; PROBLEM when the newest one for production did not end well. Facts: `live`.

    Raises:
        SystemProblem: the API cannot be asked.

    Source: Vercel documentation, REST API, List deployments.
    """
    live = (await vercel.described())["live"]
    rows = []
    for one in await vercel.deployments(most=most):
        meta = one.get("meta") or {}
        commit = next((str(meta[key]) for key in ("githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha") if meta.get(key)), "")
        branch = next((str(meta[key]) for key in ("githubCommitRef", "gitlabCommitRef", "bitbucketCommitRef") if meta.get(key)), "")
        name, state = str(one.get("uid") or ""), str(one.get("readyState") or one.get("state") or "")
        at = instant(one.get("createdAt") or one.get("created"))
        rows.append(Deployment(name, str(one.get("target") or "preview"), state, at, commit, branch, name == live))
    newest = next((one for one in rows if one.environment == "production"), None)
    if newest is not None and newest.state in ("ERROR", "CANCELED"):
        said = f"The newest deployment for production, {newest.id}, ended as {newest.state}: what runs is older."
        return CheckResult(Status.PROBLEM, rows, said, facts={"live": live})
    return CheckResult(Status.OK, rows, f"{len(rows)} deployments; {live or 'none that is known'} serves production.", facts={"live": live})
