"""How many environment variables are not as the code needs them, by the checkout and, where the profile has it, the platform."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from helpers.contracts import Sessions
from helpers.git.checks.env_files import read_env_files
from helpers.git.checks.env_history import env_history
from helpers.git.checks.env_reads import env_reads
from helpers.variables.gauge import DriftGauge
from helpers.variables.setting import Known

__all__ = ["DriftingVariables"]


@dataclass(frozen=True)
class DriftingVariables(DriftGauge):
    """Variables in drift, with what the code reads and git holds."""

    needs: ClassVar[str] = "code"
    also: ClassVar[tuple[str, ...]] = ("vercel",)

    async def standing(self, sessions: Sessions) -> Known:
        """Return reads, files and history of the checkout. Raises SystemProblem."""
        checkout = sessions["code"]
        rows, _, _ = await read_env_files(checkout)
        reads, committed = await env_reads(checkout), await env_history(checkout)
        return replace(self.known(), files=rows, reads=list(reads.rows), committed=list(committed.rows))
