"""How many connections of a pool are in use by nobody's request, in the processes of a Python API.

Those taken for a request that has ended, where the pool notes who acquires (`held_by_route`); else those in use beyond the number of requests
that are under way: a request that needs one has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.logs.runtime_gauge import RuntimeGauge, most_of_pools

__all__ = ["ConnectionsKept"]


@dataclass(frozen=True)
class ConnectionsKept(RuntimeGauge):
    """Connections of `pool` that are kept in one process; of any pool where none is named."""

    pool: str = ""

    @property
    def name(self) -> str:
        """What is counted."""
        return f"connections{f' of {self.pool}' if self.pool else ''} that no request under way has"

    def numbers(self, line: dict[str, Any]) -> list[float]:
        """Return the number at each look."""

        def number(_name: str, looks: dict[str, Any]) -> list[float]:
            return [float(max(pair)) for pair in zip(looks.get("kept", ()), looks.get("beyond", ()), strict=False)]

        return most_of_pools(line, self.pool, number)
