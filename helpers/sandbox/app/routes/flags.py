"""Feature flags, in Redis."""

from __future__ import annotations

from fastapi import APIRouter

from helpers.sandbox.app.dependencies import Cache
from helpers.sandbox.app.models import Flag

__all__ = ["router"]

router = APIRouter(prefix="/flags", tags=["flags"])


@router.get("/{name}")
async def flag(cache: Cache, name: str) -> Flag:
    """Return a flag; one that was never set is off."""
    value = await cache.get(f"flag:{name}")
    return Flag(name=name, enabled=value == "1")
