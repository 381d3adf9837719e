"""The domains of a project, and whether each is verified."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.results import CheckResult, Status
from helpers.vercel.connect import Vercel

__all__ = ["ProjectDomain", "domains"]


@dataclass(frozen=True, slots=True)
class ProjectDomain:
    """One domain; `branch` is that of a preview it stands for, `redirect` where it leads."""

    name: str
    verified: bool
    branch: str
    redirect: str


async def domains(vercel: Vercel) -> CheckResult[ProjectDomain]:
    """Every domain of the project.

    Args:
        vercel: The project.

    Returns:
        OK with the domains; PROBLEM when one is not verified, so that it serves nothing.

    Raises:
        SystemProblem: the API cannot be asked.

    Source: Vercel documentation, REST API, Retrieve project domains by project by id or name.
    """
    rows = [
        ProjectDomain(
            str(one.get("name") or ""), one.get("verified") is True, str(one.get("gitBranch") or ""), str(one.get("redirect") or "")
        )
        for one in await vercel.domains()
    ]
    waiting = [one.name for one in rows if not one.verified]
    if waiting:
        return CheckResult(Status.PROBLEM, rows, f"Not verified: {', '.join(waiting)}.", remedy="Set the DNS records the platform names.")
    return CheckResult(Status.OK, rows, f"{len(rows)} domains, all verified.")
