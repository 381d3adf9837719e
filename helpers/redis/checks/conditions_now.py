"""What the server says of its own persistence and replication: one row per thing that is wrong now.

Nothing here is guessed: these are the server's own flags, beside the settings they depend on.
"""

from __future__ import annotations

from helpers.redis.conditions import Condition, related_settings, standing
from helpers.redis.connect import Redis
from helpers.results import CheckResult, Status

__all__ = ["conditions_now"]

FACTS = (
    "role", "master_host", "master_link_status", "connected_slaves", "min_slaves_good_slaves", "loading", "rdb_last_bgsave_status",
    "rdb_last_save_time", "rdb_changes_since_last_save", "aof_enabled", "aof_last_write_status", "latest_fork_usec",
)  # fmt: skip


async def conditions_now(redis: Redis) -> CheckResult[Condition]:
    """One row per condition, the one that makes the others first.

    Args:
        redis: Read-only session.

    Returns:
        PROBLEM with the rows; OK and empty when there is none; UNKNOWN when INFO is closed.

    Source: Redis manual, INFO persistence and replication.
    """
    info = await redis.info("persistence", "replication", "stats", "memory")
    rows = standing(info, await related_settings(redis))
    summary = " ".join(row.said for row in rows) or f"The server ({info.get('role', 'of unknown role')}) reports nothing wrong."
    facts = {name: info[name] for name in FACTS if name in info}
    return CheckResult(Status.PROBLEM if rows else Status.OK, rows, summary, facts=facts)
