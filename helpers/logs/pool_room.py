"""How large a process's pool may be: what its work needs, and what the server has room for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["HEADROOM", "pool_target"]

ROOM = 1.25  # times what was needed at most: an M/M/c queue above four fifths of its servers begins to wait (Erlang C)
HEADROOM = 0.2  # of the server's connections stay free: for people, migrations, and twice the processes while one deploys


def pool_target(pool: Mapping[str, Any], usage: Sequence[Any], usable: int, application_name: str) -> tuple[dict[str, int], str]:
    """Return the size and the present one, as the fix takes them, and the sentence that says how it comes about.

    Args:
        pool: Facts of logs.connections_held.
        usage: Groups of sessions, of postgres.connections_in_use; empty: the server was not asked.
        usable: Connections that ordinary roles may have; 0: not known.
        application_name: Whose sessions are the pool's; empty: those of the application with the most.

    """
    size, processes = int(pool["size"]), max(int(pool["processes"]), 1)
    needed = math.ceil((size + max(int(pool["waiting_most"]), 1)) * ROOM)
    if not usable:
        return {"size": needed, "current": size}, f"{needed} would have been enough; whether the server has room was not seen."
    by_application: Counter[str] = Counter()
    for group in usage:
        by_application[group.application_name] += group.sessions
    own = application_name or max(by_application, key=lambda name: by_application[name] if name else 0, default="")
    others = sum(n for name, n in by_application.items() if name != own)
    most = max(math.floor((usable - others) * (1 - HEADROOM) / processes), 0)
    wanted = min(needed, most)
    said = f"The server has room for {most} for each of {processes} processes ({usable} usable, {others} of others, a fifth kept free)"
    return {"size": max(wanted, 1), "current": size}, f"{said}; {needed} would have been enough."
