"""Entries of a log drain as lines of files that the log engine reads: whole lines, rotated by size."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

__all__ = ["DrainFile"]


class DrainFile:
    """`drain.ndjson` in `folder`; once it holds `most_bytes` it is set aside as `drain-<time>.ndjson`, and a new one begun."""

    def __init__(self, folder: Path, most_bytes: int = 64 * 1024 * 1024) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._most = folder / "drain.ndjson", most_bytes
        self._file: IO[bytes] | None = None

    def write(self, entries: Sequence[dict[str, Any]]) -> None:
        """Append a line per entry, all of a batch at once. Raises OSError when the disk does not take them."""
        if self._file is not None and self._file.tell() >= self._most:
            self._set_aside()
        if self._file is None:
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        self._file.write("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode())
        self._file.flush()

    def _set_aside(self) -> None:
        self.close()
        self.path.rename(self.path.with_name(f"drain-{time.time_ns()}.ndjson"))

    def close(self) -> None:
        """Put what was written on the disk, and let the file go."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
