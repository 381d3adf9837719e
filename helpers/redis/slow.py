"""The slow log's entries, grouped by who sent which command on which key.

Keys appear by their shape (`cart:{id}`), since ids are many and some are secrets; one whole key is kept for the questions that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from helpers.redis.keys import key_text
from helpers.redis.prefixes import shape
from helpers.redis.replies import SlowCommand

__all__ = ["INSTEAD", "SlowGroup", "grouped", "keys_of", "settings_blind"]

# Where the key stands in commands that do not have it first (Redis manual, key specifications).
_KEY_AT = {
    "EVAL": 3, "EVALSHA": 3, "EVAL_RO": 3, "EVALSHA_RO": 3, "FCALL": 3, "FCALL_RO": 3, "BITOP": 3, "OBJECT": 2, "MEMORY": 2, "XINFO": 2,
    "ZUNION": 2, "ZINTER": 2, "ZDIFF": 2, "SINTERCARD": 2, "ZINTERCARD": 2, "LMPOP": 2, "ZMPOP": 2,
}  # fmt: skip
_NO_KEY = frozenset(
    {
        "FLUSHALL", "FLUSHDB", "SAVE", "DEBUG", "INFO", "CLIENT", "CONFIG", "SLOWLOG", "LATENCY", "SCAN", "PING", "DBSIZE", "SCRIPT", "ACL",
        "FUNCTION", "CLUSTER", "PSYNC", "MULTI", "EXEC", "COMMAND", "MODULE", "AUTH", "HELLO", "PUBLISH", "SUBSCRIBE", "SHUTDOWN", "SELECT",
    }
)  # fmt: skip
_SEVERAL = frozenset({"SUNION", "SINTER", "SDIFF", "SUNIONSTORE", "SINTERSTORE", "SDIFFSTORE", "DEL", "MGET", "PFCOUNT"})
_CUT = re.compile(rb"\.\.\. \(\d+ more (bytes|arguments)\)$")
_MORE = re.compile(rb"^\.\.\. \((\d+) more arguments\)$")
_MOST_KEYS = 8

# What to send instead (Redis manual, the commands' complexities; FAULTS.md D4).
INSTEAD = {
    "KEYS": "SCAN with MATCH and COUNT, a page at a time; or keep the wanted names in a set of their own",
    "SMEMBERS": "SSCAN, a page at a time, or SISMEMBER and SRANDMEMBER for what is really wanted",
    "HGETALL": "HMGET of the fields that are used, or HSCAN, a page at a time",
    "HKEYS": "HSCAN, a page at a time",
    "HVALS": "HSCAN, a page at a time",
    "LRANGE": "LRANGE in pages of some hundred elements, and LTRIM for a list that may not grow",
    "ZRANGE": "ZRANGE in pages of some hundred members",
    "SORT": "a sorted set that is kept in order as it is written, and ZRANGE in pages",
    "SUNION": "the result stored with an expiry (SUNIONSTORE by a job, on a replica), and SSCAN",
    "SINTER": "SINTERCARD with LIMIT, or the result stored with an expiry by a job",
    "SDIFF": "the result stored with an expiry by a job",
    "DEL": "UNLINK, which frees the memory in the background",
    "FLUSHALL": "FLUSHALL ASYNC",
    "FLUSHDB": "FLUSHDB ASYNC",
    "EVAL": "a script that works on a bounded part per call, called again until it is done",
    "EVALSHA": "a script that works on a bounded part per call, called again until it is done",
    "FCALL": "a function that works on a bounded part per call, called again until it is done",
    "GET": "a value that is split or compressed",
    "SAVE": "BGSAVE",
}


@dataclass(slots=True)
class SlowGroup:
    """The slow calls of one command on keys of one shape by clients of one name; `held_ms` is their time in all.

    `keys` are the whole keys (none that the log cut short), `addrs` the clients' addresses, `arguments` the most a call had.
    """

    command: str
    shape: str
    client_name: str
    calls: int = 0
    held_ms: float = 0.0
    longest_ms: float = 0.0
    arguments: int = 0
    keys: set[bytes] = field(default_factory=set)
    addrs: set[str] = field(default_factory=set)

    @property
    def subject(self) -> str:
        """Command, key and client as a diagnosis names them: `SMEMBERS cart:{id} by shop-web`."""
        return " ".join(p for p in (self.command, self.shape, "by", self.client_name or "unnamed clients") if p)

    def add(self, entry: SlowCommand) -> None:
        """Count one entry."""
        self.calls += 1
        self.held_ms += entry.duration_ms
        self.longest_ms = max(self.longest_ms, entry.duration_ms)
        self.arguments = max(self.arguments, _count(entry.arguments))
        self.keys |= {k for k in keys_of(entry.arguments) if not _CUT.search(k)}
        self.addrs |= {entry.client_addr} - {""}


def grouped(entries: Iterable[SlowCommand], *, slow_ms: float, own: str) -> list[SlowGroup]:
    """Return the groups of the entries that took at least `slow_ms`, the one that held the server longest first; `own` client left out."""
    found: dict[tuple[str, str, str], SlowGroup] = {}
    for entry in entries:
        if entry.duration_ms < slow_ms or entry.client_name == own or not entry.arguments:
            continue
        name, keys = _name(entry.arguments), keys_of(entry.arguments)
        shaped = key_text(shape(_CUT.sub(b"", keys[0])).encode("utf-8", "surrogateescape"), limit=80) if keys else ""
        found.setdefault((name, shaped, entry.client_name), SlowGroup(name, shaped, entry.client_name)).add(entry)
    return sorted(found.values(), key=lambda g: -g.held_ms)


def keys_of(arguments: Sequence[bytes]) -> list[bytes]:
    """Return the keys of a command as the slow log has it (KEYS: its pattern), at most eight; empty where it has none."""
    name = _name(arguments)
    if name in _NO_KEY:
        return []
    if name in ("XREAD", "XREADGROUP"):
        words = [a.upper() for a in arguments]
        at = words.index(b"STREAMS") + 1 if b"STREAMS" in words else len(words)
    else:
        at = _KEY_AT.get(name, 1)
        if at == 3 and name != "BITOP" and list(arguments[2:3]) == [b"0"]:
            return []
    last = at + _MOST_KEYS if name in _SEVERAL else at + 1
    return [a for a in arguments[at:last] if not _MORE.match(a)]


def settings_blind(settings: dict[str, str], slow_ms: float) -> str:
    """Return why the server's settings keep the slow log from telling, or an empty string; `settings` as CONFIG GET gives them."""
    threshold, length = settings.get("slowlog-log-slower-than", ""), settings.get("slowlog-max-len", "")
    if threshold.lstrip("-").isdigit() and not 0 <= int(threshold) <= slow_ms * 1000:
        return f"slowlog-log-slower-than is {threshold} microseconds, so commands of {slow_ms:g} ms are not logged"
    return "slowlog-max-len is 0, so nothing is logged" if length == "0" else ""


def _name(arguments: Sequence[bytes]) -> str:
    return key_text(arguments[0], limit=40).upper()


def _count(arguments: Sequence[bytes]) -> int:
    """Return how many arguments the call had: beyond 31 the log says how many more there were."""
    more = _MORE.match(arguments[-1])
    return len(arguments) - 1 + (int(more[1]) if more else 0)
