"""Propose how sessions are kept from being lost again, and what helps those who are logged out now.

Nothing is applied: how long a session lives and under which key is the code's to say, and sessions that are gone do not come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.redis.connect import Redis
from helpers.redis.patches import KEEPING

__all__ = ["KeepSessions"]


@dataclass(frozen=True)
class KeepSessions(Proposal):
    """The text for one `reason` (ttl, prefix, restart, flush); `detail` is the time to live or the prefix of before."""

    prefix: str
    reason: str
    detail: str = ""

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what a person would change, and what it does for users. Reads nothing. Raises ParameterError."""
        if self.reason not in KEEPING:
            raise ParameterError(f"keep_sessions knows no reason {self.reason!r}.", remedy=f"Known: {', '.join(KEEPING)}.")
        return FixPreview(statements=[self._text()], effects=[_EFFECTS[self.reason]], advice=_ADVICE)

    def patch(self, preview: FixPreview) -> str:
        """Return it as text for the code base or the server's configuration."""
        return self._text()

    def _text(self) -> str:
        return KEEPING[self.reason].format(prefix=self.prefix, detail=self.detail)


_EFFECTS = {
    "ttl": "Sessions made after the deployment live as long as before; those that ended do not come back.",
    "prefix": "Sessions of before are found again, as long as their code reads the same form; until then each lives out its time unread.",
    "restart": "The next restart keeps them; snapshots need memory for the fork, an append-only file needs a disk that keeps up.",
    "flush": "Nobody but an administrator can flush; what was flushed comes back from a backup only.",
}
_ADVICE = [
    "Users who log in again get a session that stays: tell support how long it takes.",
    "Keep sessions on a server of their own, with noeviction and persistence: caches may be emptied, sessions may not.",
]
