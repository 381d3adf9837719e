"""Follow an incident's evidence while the kernel writes it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from helpers.runner.events import Event, OnEvent

__all__ = ["follow"]

POLL_S = 0.1


async def follow(path: Path, tell: OnEvent) -> None:
    """Tell every whole record appended to `path`, until cancelled; then what is left."""
    seen = 0
    try:
        while True:
            seen = _tell_new(path, seen, tell)
            await asyncio.sleep(POLL_S)
    finally:
        _tell_new(path, seen, tell)


def _tell_new(path: Path, seen: int, tell: OnEvent) -> int:
    """Tell the records after byte `seen`; returns the byte after the last whole line."""
    try:
        with path.open("rb") as file:
            file.seek(seen)
            new = file.read()
    except FileNotFoundError:
        return seen
    whole = new.rfind(b"\n") + 1
    for line in new[:whole].splitlines():
        try:
            tell(Event("evidence", data=json.loads(line)))
        except ValueError:
            continue  # the audit tells about broken lines
    return seen + whole
