"""Copies to read from, where a file as it lies cannot be: it grows, it is cut, or it holds what the reader would stumble over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from helpers.errors import RunbookError
from helpers.logs.files import BOM, CHUNK, Physical, opened, scan
from helpers.logs.reading import RETURN

__all__ = ["frozen", "named", "readable", "room_for"]

_RETURN = re.compile(rb"\r(?!\n)")


def room_for(folder: Path, kind: str) -> Path:
    """Return a path in `folder` that nothing has yet."""
    return folder / f"{len(list(folder.iterdir()))}.{kind}"


def named(path: Path, folder: Path) -> Path:
    """Return the path, or a link to it where its name is no UTF-8, which SQL cannot say."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = room_for(folder, "link")
        link.symlink_to(path.absolute())
        return link
    return path


def frozen(path: Path, size: int, copy: Path) -> None:
    """Write the file's first `size` bytes to `copy`, as they are.

    Raises:
        RunbookError: there are fewer now; what was read is gone.

    """
    left = size
    with path.open("rb") as source, copy.open("wb") as target:
        while left and (part := source.read(min(left, CHUNK))):
            target.write(part)
            left -= len(part)
    if left:
        raise RunbookError(f"{path} was truncated while it was read.", remedy="Run it again, or follow the file: runbook logs follow.")


def readable(path: Path, copy: Path, original: Physical, *, up_to: int | None = None, whole_lines: bool = False) -> Physical:
    """Write the file's content to `copy`, plain, without a BOM and without carriage returns within lines; return its lines under its own name.

    Args:
        path: The file.
        copy: Where to.
        original: What is physically in it.
        up_to: How many bytes of a plain file; None: all that can be read.
        whole_lines: Leave a last line without a newline out: of free text nobody can say whether it is whole.

    """
    with copy.open("wb") as target:
        parts = _beginning(path, up_to)
        target.writelines(_without_returns(parts) if original.returns else parts)
    found = scan(copy)
    if whole_lines and found.tail is not None:
        os.truncate(copy, copy.stat().st_size - len(found.tail))
        found = replace(found, unfinished=int(bool(found.tail.strip())))
    return replace(found, path=original.path, compression=original.compression, size=original.size, truncated=original.truncated,
                   bom=original.bom, returns=original.returns)  # fmt: skip


def _beginning(path: Path, up_to: int | None) -> Iterator[bytes]:
    """Yield what can be read; that an archive is cut is known already."""
    left, first = up_to, True
    try:
        for chunk in opened(path):
            part = chunk if left is None else chunk[:left]
            yield part.removeprefix(BOM) if first else part
            first, left = False, None if left is None else left - len(part)
            if left == 0:
                return
    except EOFError:
        return


def _without_returns(parts: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for part in parts:
        text = held + part
        held = b"\r" if text.endswith(b"\r") else b""
        yield _RETURN.sub(RETURN.encode(), text.removesuffix(b"\r") if held else text)
    yield held
