"""Which variable of the platform is wrong by itself: what can be said where the code is not known."""

from __future__ import annotations

from typing import Any

from helpers.results import CheckResult, Diagnosis, Status
from helpers.variables.judging import judge, words
from helpers.variables.setting import Known
from helpers.vercel.connect import Vercel

__all__ = ["unsound_variable"]


async def unsound_variable(
    vercel: Vercel, *, platform: CheckResult[Any] | None = None, environments: str = "production preview", same: str = ""
) -> Diagnosis:
    """The variable that is wrong, and in which environments.

    Args:
        vercel: The project; it is not asked again.
        platform: Of vercel.variables.
        environments: Those that are compared.
        same: Names whose values must not differ between them.

    Returns:
        PROBLEM with `NAME: what is wrong in which environments` as subject; UNKNOWN otherwise: without the code nobody knows what is needed.

    Source: FAULTS.md E5; Vercel documentation, Environment Variables.
    """
    del vercel
    answered = platform is not None and platform.status is Status.OK
    rows = list(platform.rows) if platform is not None and answered else None
    live_at = str(platform.facts.get("live_at", "")) if platform is not None else ""
    return judge(Known(platform=rows, live_at=live_at, environments=words(environments), same=words(same)), fix="set_variable")
