"""All keys of one prefix, page by page: SCAN with MATCH, in budgeted steps with pauses, so that the server serves others in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from helpers.redis.connect import Redis
from helpers.redis.prefixes import belongs, glob

__all__ = ["keys_of"]

PAGE = 500
PAUSE_S = 0.002


async def keys_of(redis: Redis, prefix: str, *, page: int = PAGE, pause_s: float = PAUSE_S) -> AsyncIterator[list[bytes]]:
    """Yield the prefix's keys, a page at a time; some pages are empty, and a key may come twice (SCAN's guarantees).

    Args:
        redis: A session, reading or writing.
        prefix: As `keys_by_prefix` writes it: `session:{id}`.
        page: SCAN's COUNT: keys the server walks over in one call.
        pause_s: Seconds between two calls.

    Raises:
        SystemProblem: as the server answered.

    """
    cursor, pattern = 0, glob(prefix)
    while True:
        reply, keys = await redis.ask("SCAN", cursor, "MATCH", pattern, "COUNT", page)
        redis.keys_scanned += page
        yield [key for key in keys if belongs(key, prefix)]
        cursor = int(reply)
        if cursor == 0:
            return
        await asyncio.sleep(pause_s)
