"""Text for the code base: forms of writing to Redis in which the fault that was found cannot happen."""

from __future__ import annotations

__all__ = ["COUNTING"]

COUNTING = """\
# Count and expire in one step: no crash in between can leave a counter without its expiry.
async def hits(redis, key: str, window_s: int = {window_s}) -> int:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(key, 0, ex=window_s, nx=True)
        pipe.incr(key)
        _, count = await pipe.execute()
    return count

-- Or as a script, one round trip (EVAL script 1 key window_s); it also mends a counter that has no expiry:
local count = redis.call("INCR", KEYS[1])
if redis.call("TTL", KEYS[1]) < 0 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
return count
"""
