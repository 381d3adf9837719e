"""A dirty corpus of every format, generated and seeded, together with the truth: what a slow, careful reader would make of it.

`content, entries, counts = corpus("pino", seed=7)`; the entries are in the order of the file, a column that is not in one is NULL.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

from tests.logs.corpora_lines import WRITERS
from tests.logs.corpora_values import meant

FORMATS = tuple(WRITERS)
BAD = (
    b"Traceback (most recent call last):",
    b'  File "app.py", line 7, in <module>',
    b"\xff\xfe not utf-8",
    b"null",
    b"42",
    b"[1, 2]",
    b"{}",
    b'{"other": "shape"}',
    b'{"a": 1}{"b": 2}',
    b'{"a": ' + b"[" * 20_000,
    b"\x00\x00\x00",
    b'{"event": "a raw \x00", "timestamp": 1}',
    b'{"event": "half a pair \\ud800", "message": "\\ud800", "timestamp": 1, "level": 30, "time": 1, "msg": "\\ud800"}',
    b"=cmd|' /C calc'!A0",
)
BLANK = (b"", b"   ", b"\t")


def corpus(format_name: str, seed: int, *, lines: int = 400, tail: bool = False) -> tuple[bytes, list[dict[str, Any]], dict[str, Any]]:
    """Return a file's content, its entries, and where its lines went.

    Args:
        format_name: One of FORMATS.
        seed: The same gives the same.
        lines: About how many.
        tail: Whether the last line is still being written.

    Returns:
        The content; the entries as schema column → value, times as datetime in UTC, in the order of the file; and the counts `lines`,
        `parsed`, `rejected`, `blank`, `unfinished`, `continued`, and `mismatched` by column.

    """
    choose = random.Random(f"{format_name} {seed}")
    found: list[bytes] = []
    entries: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    mismatched: Counter[str] = Counter()
    for number in range(lines):
        kind = choose.choices(["parsed", "rejected", "blank"], [85, 10, 5])[0]
        text, truth, lost = _entry(format_name, choose, number)
        if kind == "parsed":
            found.append(text)
            entries.append(truth)
            mismatched.update(lost)
            counts["continued"] += text.count(b"\n")
        else:
            found.append(choose.choice(BLANK) if kind == "blank" else _bad(format_name, choose, text))
        counts[kind] += found[-1].count(b"\n") + 1
    content = b"".join(line + (b"\n" if number < 3 else choose.choice([b"\n", b"\n", b"\r\n"])) for number, line in enumerate(found))
    if tail:
        text = _entry(format_name, choose, lines)[0]
        content += _cut(format_name, text)
        counts["unfinished"] = 1
    total = sum(counts[kind] for kind in ("parsed", "rejected", "blank", "unfinished"))
    names = ("parsed", "rejected", "blank", "unfinished", "continued")
    bom = b"\xef\xbb\xbf" if choose.random() < 0.5 else b""
    return bom + content, entries, {"lines": total, **{n: counts[n] for n in names}, "mismatched": dict(mismatched)}


def _entry(format_name: str, choose: random.Random, number: int) -> tuple[bytes, dict[str, Any], list[str]]:
    text, truth, lost = WRITERS[format_name](choose, meant(choose, number))
    return text.encode(), {name: value for name, value in truth.items() if value is not None}, lost


def _bad(format_name: str, choose: random.Random, good: bytes) -> bytes:
    """Return a line that is no entry: garbage, or an entry that is cut, holds bytes that are no UTF-8, or has another one behind it."""
    first = good.split(b"\n")[0]
    spoilt = [choose.choice(BAD), _cut(format_name, first), first[:20] + b"\xc3\x28" + first[20:]]
    return choose.choice(spoilt + ([first + first] if _is_object(first) or format_name == "nginx_combined" else []))


def _cut(format_name: str, line: bytes) -> bytes:
    """Return the beginning of a line; short where the rest is free text, which is as good when it is cut."""
    return line[: 4 if format_name in ("uvicorn_access", "redis_log") else len(line.split(b"\n")[0]) // 3]


def _is_object(line: bytes) -> bool:
    """Whether the line is one JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
