"""Commands by the type of key they work on: what command statistics can tell about keys.

A command of a family answers a key of another type with WRONGTYPE, so a family's successful calls were on keys of its type.
"""

from __future__ import annotations

from helpers.redis.deltas import Delta

__all__ = ["family", "family_calls", "keyed_calls", "read_calls"]

# Commands that take no key, work on all, or only look at a key without touching it (Redis manual, command reference).
_NOT_TRAFFIC = frozenset(
    {
        "ping", "echo", "info", "time", "dbsize", "lastsave", "role", "scan", "randomkey", "keys", "slowlog", "latency", "client", "config",
        "acl", "command", "cluster", "auth", "hello", "select", "reset", "quit", "multi", "exec", "discard", "watch", "unwatch", "script",
        "eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "function", "publish", "spublish", "subscribe", "psubscribe",
        "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "pubsub", "replconf", "psync", "sync", "replicaof", "wait", "save",
        "bgsave", "bgrewriteaof", "flushall", "flushdb", "debug", "monitor", "module", "shutdown", "object", "memory", "type", "ttl", "pttl",
        "expiretime", "pexpiretime", "swapdb", "failover", "asking", "readonly", "readwrite", "hotkeys",
    }
)  # fmt: skip
_STRING = frozenset(
    {
        "get", "set", "setex", "psetex", "setnx", "getset", "getex", "getdel", "append", "strlen", "incr", "incrby", "incrbyfloat", "decr",
        "decrby", "getrange", "substr", "setrange", "getbit", "setbit", "bitcount", "bitpos", "bitfield", "bitfield_ro", "pfadd", "pfcount",
    }
)  # fmt: skip
_LIST = frozenset(
    {"lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "lrange", "llen", "lindex", "lset", "lrem", "ltrim", "linsert", "lpos"}
)
_SET = frozenset({"sadd", "srem", "smembers", "scard", "sismember", "smismember", "srandmember", "spop", "sscan"})
_ZSET_OTHERS = frozenset({"geoadd", "geopos", "geodist", "geosearch", "geohash", "zscan"})
_READS = frozenset(
    {
        "get", "getrange", "strlen", "getbit", "bitcount", "hget", "hmget", "hgetall", "hkeys", "hvals", "hlen", "hexists", "lrange", "llen",
        "lindex", "smembers", "sismember", "smismember", "scard", "srandmember", "zrange", "zrangebyscore", "zrevrange", "zscore", "zmscore",
        "zcard", "zcount", "zrank", "zrevrank", "xrange", "xrevrange", "xlen",
    }
)  # fmt: skip


def family(command: str) -> str:
    """Return the type of key a command (lower case) works on, or an empty string: several types, several keys, or unknown."""
    name = command.partition("|")[0]
    if name in _STRING:
        return "string"
    if name in _LIST:
        return "list"
    if name in _SET:
        return "set"
    if name in _ZSET_OTHERS or (
        name.startswith("z") and not name.endswith("store") and name not in ("zunion", "zinter", "zdiff", "zintercard", "zmpop")
    ):
        return "zset"
    if name.startswith("h") and name not in ("hello", "hotkeys"):
        return "hash"
    return "stream" if name.startswith("x") and name not in ("xread", "xreadgroup") else ""


def keyed_calls(delta: Delta) -> float:
    """Return the calls of commands that touch a key: the traffic. Looks of a diagnosis are none."""
    return sum(c.calls for name, c in delta.commands.items() if name.partition("|")[0] not in _NOT_TRAFFIC)


def family_calls(delta: Delta, kind: str) -> float:
    """Return the successful calls of the commands of one type of key."""
    return sum(c.calls - c.failed_calls - c.rejected_calls for name, c in delta.commands.items() if family(name) == kind)


def read_calls(delta: Delta) -> float:
    """Return the calls of commands that read one key."""
    return sum(c.calls for name, c in delta.commands.items() if name in _READS)
