"""A fix that changes one setting of the server, and puts it back: the base of every `set_…` fix.

Only the running server is changed (CONFIG SET, no REWRITE): after a restart it has the value of its configuration file again, and the
advice says so. The undo re-checks: a value that somebody else set meanwhile is left alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from helpers.contracts import Fix, FixPreview
from helpers.errors import FixFailed
from helpers.redis.connect import Redis
from helpers.redis.write import RedisWriter

__all__ = ["SettingFix"]


@dataclass(frozen=True)
class SettingFix(Fix):
    """CONFIG SET `setting` to what `wanted` returns; `setting` must be in commands.py, SETTABLE."""

    needs: ClassVar[str] = "redis"
    setting: ClassVar[str]

    @abstractmethod
    def wanted(self) -> str:
        """Return the new value as CONFIG GET will show it. Raises ParameterError on an impossible one."""

    async def effects(self, session: Redis, was: str) -> Sequence[str]:
        """Return what the change does to whom, as sentences; raises FixFailed where it must not be made."""
        return []

    def advice(self) -> Sequence[str]:
        """Return what keeps the trouble from coming back."""
        return []

    def needed(self, was: str) -> bool:
        """Whether the present value must be changed."""
        return was != self.wanted()

    async def preview(self, session: Redis) -> FixPreview:
        """Return the change and its inverse; not needed when it is so already. Raises ParameterError, FixFailed, Refused."""
        wanted = self.wanted()
        was = await self._now(session)
        if not self.needed(was):
            return FixPreview([], needed=False, effects=[f"{self.setting} is {was} already."])
        lasting = f"Write {self.setting} {wanted} into the server's configuration too: CONFIG SET does not outlive a restart."
        return FixPreview(
            statements=[f"CONFIG SET {self.setting} {wanted}"], undo_statements=[f"CONFIG SET {self.setting} {was}"],
            inverse={"setting": self.setting, "was": was, "set": wanted},
            effects=[f"{self.setting} is {was} now.", *await self.effects(session, was)], advice=[lasting, *self.advice()],
        )  # fmt: skip

    async def _now(self, session: Redis) -> str:
        found = await session.settings(self.setting)
        if self.setting not in found:
            raise FixFailed(f"This server has no setting {self.setting}, or does not show it.")
        return found[self.setting]

    async def apply(self, writer: RedisWriter, preview: FixPreview) -> None:
        """Set it, if it still is what the preview saw. Raises FixFailed."""
        was = await self._now(writer)
        if was != preview.inverse["was"]:
            raise FixFailed(f"{self.setting} is {was} by now, the preview saw {preview.inverse['was']}: somebody else changes it.")
        await writer.execute("CONFIG SET", self.setting, preview.inverse["set"])

    async def read_back(self, session: Redis) -> str:
        """Return the value in force; raise FixFailed when it is another one."""
        now = await self._now(session)
        if now != self.wanted():
            raise FixFailed(f"{self.setting} is {now}, not {self.wanted()}.")
        return f"{self.setting} is {now}."

    async def undo(self, writer: RedisWriter, inverse: dict[str, Any]) -> None:
        """Set it to what it was; no-op when it is that already. Raises FixFailed when somebody else changed it meanwhile."""
        now = await self._now(writer)
        if now == inverse["was"]:
            return
        if now != inverse["set"]:
            raise FixFailed(f"{self.setting} is {now}, which this fix did not set: it is left alone.")
        await writer.execute("CONFIG SET", self.setting, inverse["was"])
