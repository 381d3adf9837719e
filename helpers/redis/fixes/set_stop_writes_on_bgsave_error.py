"""A stop-gap: take writes although the last save failed. What is written is on no disk until a save succeeds.

It buys time to repair the disk, no more: set it back as soon as a save has succeeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from helpers.errors import ParameterError
from helpers.redis.connect import Redis
from helpers.redis.settings import SettingFix

__all__ = ["SetStopWritesOnBgsaveError"]


@dataclass(frozen=True)
class SetStopWritesOnBgsaveError(SettingFix):
    """CONFIG SET stop-writes-on-bgsave-error to `to`: `yes` or `no`."""

    to: str

    setting: ClassVar[str] = "stop-writes-on-bgsave-error"

    def wanted(self) -> str:
        """Return yes or no. Raises ParameterError."""
        if self.to not in ("yes", "no"):
            raise ParameterError(f"{self.setting} is yes or no, not {self.to!r}.")
        return self.to

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return what would be lost by a crash."""
        info = await session.info("persistence")
        return [
            "A STOP-GAP: writes are taken again although nothing is saved. The cause (the disk) is not repaired by it.",
            f"{info.get('rdb_changes_since_last_save', '?')} changes since the last save that succeeded are lost if the server ends now; "
            "each further write adds to them.",
        ]

    def advice(self) -> Sequence[str]:
        """Return how to leave the stop-gap again."""
        return [
            "Repair the disk (space, rights, the folder of CONFIG GET dir), then BGSAVE; rdb_last_bgsave_status must say ok.",
            "Then set stop-writes-on-bgsave-error back to yes, or `runbook undo` this incident, and watch rdb_last_bgsave_status from now on.",
        ]
