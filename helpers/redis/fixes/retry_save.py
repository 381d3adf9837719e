"""Save again: once the disk is as it should be, one save that succeeds lets writes in, with nothing given up.

It changes no setting and no key. Its cost is the server's own save: a fork, and memory for what is written while it runs.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed
from helpers.redis.conditions import last_save_failed
from helpers.redis.connect import Redis
from helpers.redis.write import RedisWriter

__all__ = ["RetrySave"]

REMEDY = "Repair what CONFIG GET dir and dbfilename name (space, rights, does it exist), and read the server's log; then run this again."


@dataclass(frozen=True)
class RetrySave(Fix):
    """BGSAVE, waited for at most `within_s` seconds; not needed when the last one succeeded."""

    within_s: float = 600.0

    needs: ClassVar[str] = "redis"
    reversible: ClassVar[bool] = False

    async def preview(self, session: Redis) -> FixPreview:
        """Return what a save costs. Raises Refused where INFO is closed."""
        info = await session.info("persistence", "memory", "stats")
        if not last_save_failed(info):
            return FixPreview([], needed=False, effects=["The last save succeeded."])
        size, fork = int(info.get("used_memory", 0)) >> 20, int(info.get("latest_fork_usec", 0)) // 1000
        return FixPreview(
            statements=["BGSAVE"],
            effects=[
                f"The server forks (the last time that took {fork} ms) and writes {size:,} MiB of data; until then nothing changes.",
                "The file of the last save that succeeded is replaced only by one that is complete. There is no inverse, and none is needed.",
                "If it fails again, the disk is not repaired yet.",
            ],
            advice=["Watch rdb_last_bgsave_status and the free space of the disk: the writes were refused only after a save had failed."],
        )

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Save, and wait. Raises FixFailed when it fails again or takes too long."""
        if not (await writer.info("persistence")).get("rdb_bgsave_in_progress"):
            await writer.execute("BGSAVE")
        until = time.monotonic() + self.within_s
        while (info := await writer.info("persistence")).get("rdb_bgsave_in_progress"):
            if time.monotonic() > until:
                raise FixFailed(f"The save takes longer than {self.within_s:.0f} s; it goes on.", remedy="Look at INFO persistence again.")
            await asyncio.sleep(0.1)
        if last_save_failed(info):
            raise FixFailed("The save failed again: writes stay refused.", remedy=REMEDY)

    async def read_back(self, session: Redis) -> str:
        """Return that the last save succeeded, as the server says; raise FixFailed if not."""
        if last_save_failed(await session.info("persistence")):
            raise FixFailed("rdb_last_bgsave_status is err.", remedy=REMEDY)
        return "rdb_last_bgsave_status is ok."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """There is nothing to undo: no setting and no key was changed."""
        return
