"""The server's replies as Python values: INFO, CLIENT LIST, the slow log, CONFIG GET, and keys of arbitrary bytes as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.redis.keys import key_text

__all__ = ["SlowCommand", "Value", "parse_clients", "parse_info", "parse_pairs", "parse_slowlog"]

Value = int | float | str


def parse_info(reply: bytes) -> dict[str, Value]:
    """Return INFO's lines by the server's own names; `cmdstat_get`, `errorstat_OOM` and `db0` stay texts (see `parse_fields`)."""
    found: dict[str, Value] = {}
    for line in reply.decode("utf-8", "replace").splitlines():
        name, colon, text = line.partition(":")
        if colon and not name.startswith("#"):
            found[name] = _value(text)
    return found


def parse_fields(text: str) -> dict[str, float]:
    """Return `calls=3,usec=10` as numbers; what is no number is left out."""
    pairs = (part.partition("=") for part in text.split(","))
    return {name: float(value) for name, _, value in pairs if isinstance(_value(value), int | float)}


def _value(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_pairs(reply: Sequence[Any]) -> dict[str, str]:
    """Return a flat list of names and values (CONFIG GET) as a dict of texts."""
    texts = [x.decode("utf-8", "backslashreplace") if isinstance(x, bytes) else str(x) for x in reply]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def parse_clients(reply: bytes) -> list[dict[str, Value]]:
    """Return CLIENT LIST's clients, each by the server's own names (`id`, `addr`, `name`, `idle`, `flags`, `cmd`, `omem` …)."""
    lines = reply.decode("utf-8", "backslashreplace").splitlines()
    return [{k: _value(v) if k in _NUMBERS else v for k, _, v in (f.partition("=") for f in line.split(" "))} for line in lines if line]


_NUMBERS = frozenset(
    [
        "id",
        "fd",
        "age",
        "idle",
        "db",
        "sub",
        "psub",
        "ssub",
        "multi",
        "watch",
        "qbuf",
        "qbuf-free",
        "argv-mem",
        "multi-mem",
        "rbs",
        "rbp",
        "obl",
        "oll",
        "omem",
        "tot-mem",
        "redir",
        "resp",
        "tot-net-in",
        "tot-net-out",
        "tot-cmds",
    ]
)


@dataclass(frozen=True, slots=True)
class SlowCommand:
    """One entry of the slow log; `command` holds the name and key, arguments beyond them are values and are left out."""

    id: int
    at_s: int
    duration_ms: float
    command: str
    arguments: tuple[bytes, ...]
    client_addr: str
    client_name: str


def parse_slowlog(reply: Sequence[Any]) -> list[SlowCommand]:
    """Return SLOWLOG GET's entries, the newest first; `client_*` are empty where the service leaves them out."""
    found = []
    for entry in reply:
        number, at_s, micros, argv, *client = entry
        words = [a if isinstance(a, bytes) else str(a).encode() for a in argv]
        addr, name = ([key_text(c) for c in client[:2]] + ["", ""])[:2]
        shown = " ".join([key_text(words[0]).upper(), *(key_text(w, limit=80) for w in words[1:2])]) if words else ""
        found.append(SlowCommand(int(number), int(at_s), micros / 1000, shown, tuple(words), addr, name))
    return found
