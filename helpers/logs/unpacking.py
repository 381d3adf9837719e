"""What is not one entry a line yet: JSON arrays, as log drains post them, and standard input.

An array's objects are written out one a line, as they were, into a copy that is then read like any other file: the lines that are accounted
for are those of the copy.
"""

from __future__ import annotations

import codecs
import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.logs.files import opened

__all__ = ["STDIN", "from_stdin", "is_array", "unpack"]

STDIN = "-"
LONGEST = 1 << 26  # characters: an object that does not end within them is none
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")  # of arrays of objects, several of them one after the other too
_BREAKS = re.compile(r"\s*[\r\n]\s*")  # within JSON only between tokens


def from_stdin(folder: Path) -> Path:
    """Return the path of a copy of standard input."""
    copy = folder / "stdin"
    with copy.open("wb") as target:
        shutil.copyfileobj(sys.stdin.buffer, target)
    return copy


def is_array(lines: Sequence[bytes]) -> bool:
    """Whether the file's first lines are an array of JSON objects, or begin one."""
    head = b"".join(lines[:2]).lstrip()
    return head.startswith(b"[") and head[1:].lstrip()[:1] in (b"{", b"]", b"")


def unpack(path: Path, copy: Path) -> None:
    """Write the objects of the file's arrays to `copy`, one a line; what is no JSON is written as one line too, to be rejected by name."""
    with copy.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as target:
        for text in _objects(_texts(path)):
            target.write(_BREAKS.sub(" ", text) + "\n")


def _texts(path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    try:
        for chunk in opened(path):
            yield decoder.decode(chunk)
    except EOFError:
        return  # a cut archive: what is readable is what there is


def _objects(texts: Iterator[str]) -> Iterator[str]:
    decode, text, at = json.JSONDecoder().raw_decode, "", 0
    while True:
        at = _after(_BETWEEN, text, at)
        try:
            end = decode(text, at)[1] if at < len(text) else 0
        except (ValueError, RecursionError):  # brackets in brackets, thousands deep, are none of a log's
            end = 0
        more = None if end or len(text) - at > LONGEST else next(texts, None)
        if more is not None:
            text, at = text[at:] + more, 0
            continue
        if at >= len(text):
            return
        end = end or text.find("\n", at) + 1 or len(text)  # no JSON: the rest of its line
        yield text[at:end].rstrip()
        at = end


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
