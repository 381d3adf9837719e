"""Propose the form of counting in which a limit's counter has its expiry from the start, for a whole window.

Nothing is applied: which command gives the counters their time to live is the code's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.redis.connect import Redis
from helpers.redis.patches import COUNTING

__all__ = ["CountAtomically"]


@dataclass(frozen=True)
class CountAtomically(Proposal):
    """The text for the limit whose counters are `prefix` and whose window is `ttl_s` seconds."""

    prefix: str
    ttl_s: float

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return the code a person would put in. Reads nothing. Raises ParameterError."""
        if not self.prefix or self.ttl_s < 1:
            raise ParameterError(
                "count_atomically needs a prefix and ttl_s >= 1.", remedy="Give ttl_s: how long, in seconds, one window is."
            )
        effects = [
            f"From the deployment on, a counter of {self.prefix} lives {self.ttl_s:,.0f} s; those that are there end as they would have."
        ]
        return FixPreview(statements=[self._text()], effects=effects, advice=_ADVICE)

    def patch(self, preview: FixPreview) -> str:
        """Return it as text for the code base."""
        return self._text()

    def _text(self) -> str:
        return COUNTING.format(window_s=f"{self.ttl_s:.0f}")


_ADVICE = [
    "Look for PEXPIRE or PX with seconds (they are milliseconds), for EXPIRE with a window in minutes, and for a counter that is deleted or "
    "overwritten with every request.",
    "Test the limit itself: the request after the last one that is allowed must be refused.",
]
