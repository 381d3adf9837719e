"""How much work waits for a connection of a pool, in the processes of a Python API.

Only what the pool itself tells: asyncpg's does. Of a pool that does not, its being used up counts as one that waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.logs.runtime_gauge import RuntimeGauge, most_of_pools

__all__ = ["ConnectionsWaiting"]


@dataclass(frozen=True)
class ConnectionsWaiting(RuntimeGauge):
    """Requests that wait for a connection of `pool` in one process; of any pool where none is named."""

    pool: str = ""

    @property
    def name(self) -> str:
        """What is counted."""
        return f"requests that wait for a connection{f' of {self.pool}' if self.pool else ''}"

    def numbers(self, line: dict[str, Any]) -> list[float]:
        """Return the number at each look."""
        sizes = {name: int(state.get("max", 0)) for name, state in (line.get("pools") or {}).items()}

        def number(name: str, looks: dict[str, Any]) -> list[float]:
            pairs = zip(looks.get("waiting", ()), looks.get("used", ()), strict=False)
            return [float(waiting) if waiting >= 0 else float(used >= sizes.get(name, 0) > 0) for waiting, used in pairs]

        return most_of_pools(line, self.pool, number)
