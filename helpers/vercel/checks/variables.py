"""The environment variables of a project: names, environments, and when they changed; never values."""

from __future__ import annotations

from helpers.results import CheckResult, Status
from helpers.variables.known import Variable
from helpers.vercel.connect import Vercel

__all__ = ["variables"]


async def variables(vercel: Vercel) -> CheckResult[Variable]:
    """Every variable of the project and those its team shares with it, by name.

    Args:
        vercel: The project.

    Returns:
        OK with one row per variable as the platform keeps it; a value is a salted hash of this run, or not known at all (encrypted, sensitive).
        Facts: `readable`, how many values are known by their hash; `live`, the deployment that serves production, and `live_at`.

    Raises:
        SystemProblem: the API cannot be asked.

    Source: Vercel documentation, REST API, Retrieve the environment variables of a project by id or name.
    """
    rows = sorted(await vercel.variables(), key=lambda one: (one.name, one.environments))
    project = await vercel.described()
    readable = sum(one.is_known for one in rows)
    said = f"{len(rows)} variables; the values of {readable} can be compared, those of the others are not readable."
    return CheckResult(Status.OK, rows, said, facts={"readable": readable, "live": project["live"], "live_at": project["live_at"]})
