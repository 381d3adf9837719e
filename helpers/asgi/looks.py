"""Threads and pools, looked at several times a second: a line every few seconds alone would miss what comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.asgi.frames import HasCode
from helpers.asgi.holders import holders_told, kept_count
from helpers.asgi.pools import pool_state
from helpers.asgi.requests import UnderWay

__all__ = ["EVERY_S", "Looks", "Pools"]

EVERY_S = 0.25
MOST = 240  # a minute; an interval longer than that is looked at for its last minute

Pools = Mapping[str, Callable[[], Any]]


class Looks:
    """The looks since they were told last."""

    def __init__(self, limiter: Any, pools: Pools, under_way: UnderWay) -> None:
        self._limiter, self._pools, self._under_way = limiter, pools, under_way
        self._threads: list[int] = []
        self._by_pool: dict[str, dict[str, list[int]]] = {}
        self._looked = 0.0

    def look(self, now: float) -> None:
        """Look, when it is time."""
        if now - self._looked < EVERY_S or len(self._threads) >= MOST:
            return
        self._looked = now
        self._threads.append(self._limiter.statistics().tasks_waiting if self._limiter is not None else 0)
        flying = len(self._under_way)
        for name, get in self._pools.items():
            pool, state = state_of(get)
            if state is not None:
                seen = self._by_pool.setdefault(name, {"used": [], "waiting": [], "kept": [], "beyond": []})
                seen["used"].append(state["used"])
                seen["waiting"].append(state["waiting"])
                seen["kept"].append(kept_count(pool))
                seen["beyond"].append(max(state["used"] - flying, 0))

    def told(self) -> dict[str, Any]:
        """Return `threads_waiting` and, by pool, `used`, `waiting`, `kept` and `beyond` (used by more than there are requests), one number a look."""
        threads, by_pool = self._threads, self._by_pool
        self._threads, self._by_pool = [], {}
        return {"every_s": EVERY_S, "threads_waiting": threads, "pools": by_pool}

    def pools(self, path_of: Callable[[HasCode], str]) -> dict[str, Any]:
        """Return how full each pool is now, and who holds its connections."""
        states = {name: state_of(get) for name, get in self._pools.items()}
        return {name: {**state, **holders_told(pool, path_of)} for name, (pool, state) in states.items() if state is not None}


def state_of(get: Callable[[], Any]) -> tuple[Any, dict[str, int] | None]:
    """Return a pool and its state; a pool that is not there yet, or not any more, has none."""
    try:
        pool = get()
        return pool, pool_state(pool)
    except Exception:
        return None, None
