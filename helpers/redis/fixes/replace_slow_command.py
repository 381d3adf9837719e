"""Propose what the application sends instead of a slow command, and how its big key is split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.redis.connect import Redis
from helpers.redis.slow import INSTEAD

__all__ = ["ReplaceSlowCommand"]

BUCKET = 1000  # elements per key that keep a whole read well below a millisecond
FEW = 5000


@dataclass(frozen=True)
class ReplaceSlowCommand(Proposal):
    """The text for `command` on `key` (a shape, `cart:{id}`) of `elements` elements, sent by `client_name`."""

    command: str
    key: str = ""
    client_name: str = ""
    elements: int = 0

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return what to send instead and what it changes. Reads nothing."""
        whose = self.client_name or "the application"
        return FixPreview(
            statements=[f"{self.command} {self.key} -> {self._instead()}".replace("  ", " ")],
            effects=[
                f"Changed in {whose}: each call then does a bounded part of the work, and others are served in between.",
                "Pages are read while others write: an element may come twice or be missed, where one command saw one moment.",
            ],
            advice=[
                f"Until it is deployed, send it to a replica, or less often; an ACL can forbid it: ACL SETUSER … -{self.command.lower()}.",
                "Its connection is not ended: it sends other commands too, or is one of several, and would come back.",
            ],
        )

    def _instead(self) -> str:
        return INSTEAD.get(self.command, "a command whose work has a bound, or the same one on smaller keys")

    def patch(self, preview: FixPreview) -> str:
        """Return the plan as text."""
        lines = [
            f"In {self.client_name or 'the application'}, instead of {self.command} {self.key}:".replace(" :", ":"),
            f"  {self._instead()}.",
        ]
        if self.elements >= FEW:
            parts = -(-self.elements // BUCKET)
            lines += [
                "",
                f"Split {self.key} ({self.elements:,} elements) into about {parts:,} keys:",
                f"  1. write each element to {self.key}:b where b = crc32(element) % {parts}, beside the old key;",
                "  2. copy the old key with its own SCAN (SSCAN, HSCAN, ZSCAN, LRANGE in pages), some hundred elements at a time;",
                "  3. read from the new keys; 4. UNLINK the old key when nothing reads it any more.",
                "  Back: read from the old key again, which is written until step 4.",
            ]
        return "\n".join(lines)
