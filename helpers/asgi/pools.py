"""How full a connection pool is, whichever library's it is: read by what it offers, without importing any."""

from __future__ import annotations

from typing import Any

__all__ = ["pool_state"]


def pool_state(pool: Any) -> dict[str, int] | None:
    """Return `used`, `idle`, `max` and `waiting` of an asyncpg pool, a SQLAlchemy engine or pool, or a redis-py pool; None of anything else.

    `waiting` is -1 where the library does not say.
    """
    pool = getattr(pool, "sync_engine", pool)  # AsyncEngine → Engine
    pool = getattr(pool, "pool", None) or getattr(pool, "connection_pool", None) or pool  # Engine, Redis
    if hasattr(pool, "get_idle_size"):
        size, idle = pool.get_size(), pool.get_idle_size()
        waiting = len(getattr(getattr(pool, "_queue", None), "_getters", ()))
        return {"used": size - idle, "idle": idle, "max": pool.get_max_size(), "waiting": waiting}
    if hasattr(pool, "checkedout") and hasattr(pool, "size"):
        overflow = int(getattr(pool, "_max_overflow", 0))
        return {"used": pool.checkedout(), "idle": pool.checkedin(), "max": pool.size() + max(overflow, 0), "waiting": -1}
    if hasattr(pool, "_in_use_connections"):
        used, idle = len(pool._in_use_connections), len(pool._available_connections)
        return {"used": used, "idle": idle, "max": pool.max_connections, "waiting": -1}
    return None
