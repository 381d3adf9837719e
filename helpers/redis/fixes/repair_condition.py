"""Propose what a person has to repair outside the server: a disk, a replica, a link, an address in the application's settings.

A runbook does not change who is primary, makes no replica writable, and names no folder for the server to write to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from helpers.contracts import FixPreview, Proposal
from helpers.errors import ParameterError
from helpers.redis.connect import Redis

__all__ = ["RepairCondition"]

STEPS = {
    "readonly": (
        "# the application writes to a replica: it must write to {primary}",
        "# 1. who is primary: ROLE on {primary} must say master; if it says slave, follow the address it names",
        "# 2. give the application the primary's address, or let Sentinel or Cluster tell it (redis.asyncio.sentinel.Sentinel.master_for)",
        "# 3. make it drop its connections when it meets READONLY, so that it finds the new primary after a failover",
        "# replica-read-only stays yes: what is written to a replica is lost at the next synchronisation",
    ),
    "link": (
        "# the replica has lost its primary {primary}: what it serves grows older",
        "# 1. does {primary} run, and can this machine reach it (address, port, firewall, TLS)?",
        "# 2. does it accept the login (masteruser, masterauth)? The replica's log says why it is refused.",
        "# 3. if the link falls during synchronisation: client-output-buffer-limit replica and repl-backlog-size on the primary",
        "# 4. if the primary is lost for good: a person promotes the replica that is furthest (REPLICAOF NO ONE), and the application follows",
    ),
    "replicas": (
        "# fewer replicas are in touch than min-replicas-to-write asks for",
        "# 1. start the missing replica, or repair its network; INFO replication must show it online with a small lag",
        "# 2. only while that takes long: run this again with stop_gap=true, which accepts writes on fewer machines",
    ),
    "aof": (
        "# the append-only file in {folder} cannot be written",
        "# 1. free space or inodes there, or repair its rights; the server tries again every second by itself",
        "# 2. BGREWRITEAOF makes the file smaller once there is room for a second one",
    ),
    "loading": (
        "# the server reads its data back: INFO persistence, loading_eta_seconds, says how long",
        "# 1. wait; do not restart it, that begins anew",
        "# 2. find out why it ended: its log, the machine's out-of-memory killer",
    ),
    "fork": (
        "# every save holds all clients up while the memory's page tables are copied",
        "# 1. echo never > /sys/kernel/mm/transparent_hugepage/enabled (and in the boot settings)",
        "# 2. save less often, or on a replica only; split a large server in several",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class RepairCondition(Proposal):
    """The steps for `condition`; `primary` and `folder` as the server tells them."""

    condition: str
    primary: str = ""
    folder: str = ""

    needs: ClassVar[str] = "redis"

    async def preview(self, session: Redis) -> FixPreview:
        """Return the steps. Raises ParameterError on an unknown condition."""
        if self.condition not in STEPS:
            raise ParameterError(f"{self.condition!r} is no condition.", remedy=f"Known: {', '.join(STEPS)}.")
        return FixPreview(
            statements=self._steps(), effects=["Nothing is changed by the runbook."], advice=["Run this again: it should say healthy."]
        )

    def patch(self, preview: FixPreview) -> str:
        """Return the steps as text."""
        return "\n".join([*self._steps(), ""])

    def _steps(self) -> list[str]:
        return [line.format(primary=self.primary or "its primary", folder=self.folder or "its folder") for line in STEPS[self.condition]]
