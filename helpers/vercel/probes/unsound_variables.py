"""How many environment variables of the platform are wrong by themselves: what can be said without the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import Sessions
from helpers.variables.gauge import DriftGauge
from helpers.variables.setting import Known

__all__ = ["UnsoundVariables"]


@dataclass(frozen=True)
class UnsoundVariables(DriftGauge):
    """Variables in drift, as the platform alone shows them."""

    needs: ClassVar[str] = "vercel"

    async def standing(self, sessions: Sessions) -> Known:
        """Return the parameters: everything else is asked anew by each look."""
        del sessions
        return self.known()
