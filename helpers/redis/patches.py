"""Text for the code base: forms of writing to Redis in which the fault that was found cannot happen."""

from __future__ import annotations

__all__ = ["COUNTING", "KEEPING"]

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

KEEPING = {
    "ttl": """\
# Sessions of {prefix} lived {detail} s and more before: give new ones that again, where they are written and where they are prolonged.
SESSION_TTL_S = {detail}
await redis.set(key, value, ex=SESSION_TTL_S)
await redis.getex(key, ex=SESSION_TTL_S)""",
    "prefix": """\
# Sessions of before are under {detail}, new ones under {prefix}: read both until the old ones have ended, write the new one only.
value = await redis.get(new_key(session_id)) or await redis.get(old_key(session_id))""",
    "restart": """\
# redis.conf, and CONFIG SET for the running server: keep {prefix} over a restart.
appendonly yes
appendfsync everysec
save 3600 1 300 100 60 10000""",
    "flush": """\
# The application's user may not flush the keys of {prefix}, nor may a deployment or a test that uses its address.
ACL SETUSER app -flushall -flushdb""",
}
