"""Which commands a session may send: read-only and bounded for a diagnosis, a short list for an applied fix.

Source: FAULTS.md 5.2; Redis manual, command categories and complexities.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

__all__ = ["ALLOWED", "SETTABLE", "WRITES", "Part", "each_refusal", "refusal", "split", "write_refusal"]

Part = str | int | bytes

ALLOWED = frozenset(
    {
        "PING", "INFO", "TIME", "DBSIZE", "LASTSAVE", "ROLE", "SCAN", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "EXISTS",
        "RANDOMKEY", "STRLEN", "HLEN", "LLEN", "SCARD", "ZCARD", "XLEN", "GETRANGE", "HSCAN", "SSCAN", "ZSCAN",
        "MEMORY USAGE", "MEMORY STATS", "MEMORY DOCTOR", "OBJECT ENCODING", "OBJECT IDLETIME", "OBJECT FREQ",
        "SLOWLOG GET", "SLOWLOG LEN", "LATENCY LATEST", "LATENCY HISTORY", "LATENCY HISTOGRAM", "LATENCY DOCTOR",
        "CLIENT ID", "CLIENT LIST", "CLIENT INFO", "CLIENT SETNAME", "CLIENT NO-TOUCH", "CONFIG GET", "ACL WHOAMI", "COMMAND COUNT",
        "COMMAND INFO", "CLUSTER INFO", "CLUSTER NODES", "CLUSTER MYID", "CLUSTER KEYSLOT", "CLUSTER COUNTKEYSINSLOT",
    }
)  # fmt: skip

# What an applied fix or an undo may send, beside everything above.
WRITES = frozenset(
    {
        "CONFIG SET", "EXPIRE", "PEXPIRE", "PEXPIREAT", "PERSIST", "UNLINK", "DUMP", "RESTORE", "CLIENT KILL", "CLIENT UNBLOCK",
        "BGSAVE",
    }
)  # fmt: skip

# Settings a fix may change: each has an old value that puts it back, and none names a file, a module or a password.
SETTABLE = frozenset(
    {
        "maxmemory", "maxmemory-policy", "maxmemory-samples", "maxmemory-clients", "maxclients", "timeout", "tcp-keepalive",
        "client-output-buffer-limit", "min-replicas-to-write", "min-slaves-to-write", "stop-writes-on-bgsave-error", "save", "appendfsync",
        "slowlog-log-slower-than", "latency-monitor-threshold", "activedefrag", "lazyfree-lazy-expire", "lazyfree-lazy-eviction",
        "lazyfree-lazy-user-del",
    }
)  # fmt: skip

# CONFIG GET by exact name only: a pattern would return the passwords too.
SECRET_SETTINGS = frozenset({"requirepass", "masterauth", "masteruser", "tls-key-file-pass", "tls-client-key-file-pass"})

# These take no more than a key: nothing further is looked at.
_PLAIN = frozenset(
    {"TYPE", "PTTL", "TTL", "OBJECT IDLETIME", "OBJECT ENCODING", "OBJECT FREQ", "STRLEN", "PEXPIRETIME", "EXISTS", "RANDOMKEY"}
)
# And these answer with one line as well.
_ONE_LINE = (_PLAIN - {"OBJECT ENCODING", "RANDOMKEY"}) | {"MEMORY USAGE", "HLEN", "LLEN", "SCARD", "ZCARD", "XLEN", "EXPIRETIME"}

MOST_PER_PAGE = 1000  # SCAN COUNT and its like: keeps one call below a millisecond or two of the server's only thread
MOST_ENTRIES = 256
MOST_BYTES = 65536


@lru_cache(maxsize=256)
def split(command: str) -> tuple[str, ...]:
    """Return the command's words in capitals: `memory usage` as MEMORY, USAGE."""
    return tuple(command.upper().split())


def refusal(words: Sequence[str], args: Sequence[Part]) -> str:
    """Return why a diagnosis may not send this, or an empty string."""
    name = " ".join(words)
    if name in _PLAIN or (name == "MEMORY USAGE" and len(args) == 1):
        return ""
    if name not in ALLOWED:
        return f"{name} is not a command that a diagnosis may send."
    if name == "CONFIG GET" and not _harmless_settings(args):
        return "CONFIG GET is asked by exact names of settings that hold no secret."
    return "" if _bounded(name, [_text(a) for a in args]) else f"{name} is asked with a bound on its reply."


def each_refusal(words: Sequence[str]) -> str:
    """Return why this may not be asked of many keys at once, or an empty string."""
    name = " ".join(words)
    return "" if name in _ONE_LINE else f"{name} is not a question about a key that is answered with one line."


def write_refusal(words: Sequence[str], args: Sequence[Part]) -> str:
    """Return why an applied fix may not send this, or an empty string; what a diagnosis may send, it may too."""
    name = " ".join(words)
    if name not in WRITES:
        return refusal(words, args)
    texts = [_text(a) for a in args]
    if name == "CONFIG SET" and not (len(texts) == 2 and texts[0] in SETTABLE):
        return f"CONFIG SET {' '.join(texts[:1])} is not a setting that a fix may change."
    if name == "CLIENT KILL" and not (len(texts) == 2 and texts[0] == "id" and texts[1].isdigit()):
        return "CLIENT KILL is sent for one client id only."
    if name == "RESTORE" and "replace" in texts[3:]:
        return "RESTORE never replaces a key: what the application wrote meanwhile stays."
    return ""


def _harmless_settings(args: Sequence[Part]) -> bool:
    names = [_text(a) for a in args]
    return bool(names) and not any(set("*?[\\") & set(n) or n in SECRET_SETTINGS for n in names)


def _bounded(name: str, args: list[str]) -> bool:
    """Whether the reply's size has a bound that the caller gave."""
    if name in ("SCAN", "HSCAN", "SSCAN", "ZSCAN"):
        return "count" not in args or _number(args, args.index("count") + 1) <= MOST_PER_PAGE
    if name == "SLOWLOG GET":
        return 0 <= _number(args, 0) <= MOST_ENTRIES
    if name == "GETRANGE":
        return 0 <= _number(args, 1) <= _number(args, 2) < _number(args, 1) + MOST_BYTES
    if name == "MEMORY USAGE":  # SAMPLES 0 walks the whole value
        return "samples" not in args[1:] or 0 < _number(args, 2) <= MOST_ENTRIES
    return name != "LATENCY HISTOGRAM" or len(args) > 0


def _number(args: list[str], at: int) -> int:
    """Return the number at that place; one beyond every bound when there is none."""
    return int(args[at]) if at < len(args) and args[at].lstrip("-").isdigit() else 1 << 62


def _text(part: Part) -> str:
    return (part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part)).lower()
