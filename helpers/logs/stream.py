"""One file that is being written: what came since it was last asked, entry by entry, and where every line of it went so far.

A stream is one file under whatever name: a log that is rotated by renaming goes on being read until nobody has it any more. One that is
truncated ends there, and what is written from then on is another stream.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import ParameterError
from helpers.logs.account import FileAccount, Rejected
from helpers.logs.engine import Logs
from helpers.logs.files import BOM
from helpers.logs.folding import FoldedFormat, Kind
from helpers.logs.format import Format
from helpers.logs.formats import recognise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AT_ONCE", "Stream"]

AT_ONCE = 8 << 20  # bytes of one batch: read in well under a second, so that Ctrl-C is
UNKNOWN_LINES = 200  # lines held until a format has to fit
_ENTRIES = "select * replace (timestamp at time zone 'UTC' as timestamp) from entries"
_REMEMBERED = 1024  # bytes before the place it was read to, by which a file that was written anew is known


class Stream:
    """One open file; `read` takes in what came, `account` says where its lines went."""

    def __init__(self, path: Path, file: FileIO, format_: Format | None, extra: Sequence[Format], offset: int = 0) -> None:
        """Read `file` from `offset` on, where a line begins."""
        self.path = path
        self.backlog = self.ended = self.rewritten = False
        self._file, self._format, self._extra, self._offset = file, format_, extra, offset
        self._held, self._before = b"", os.pread(file.fileno(), min(offset, _REMEMBERED), max(0, offset - _REMEMBERED))
        self._counts: Counter[str] = Counter()
        self._mismatched: Counter[str] = Counter()

    @property
    def key(self) -> tuple[int, int]:
        """What the file is, whatever it is called."""
        at = os.fstat(self._file.fileno())
        return at.st_dev, at.st_ino

    def again(self) -> Stream:
        """Return a stream of the same file from its start."""
        return Stream(self.path, FileIO(os.dup(self._file.fileno())), self._format, self._extra)

    def read(self) -> tuple[pd.DataFrame | None, list[Rejected]]:
        """Return the whole entries that came since, None when there are none, and up to 20 of the lines that were rejected.

        Raises:
            ParameterError: no format fits its lines.

        """
        number, before = self._file.fileno(), self._before
        found = os.pread(number, len(before) + AT_ONCE, self._offset - len(before))
        self.rewritten = not found.startswith(before) or os.fstat(number).st_size < self._offset
        new = b"" if self.rewritten else found[len(before) :]
        self.backlog = len(new) == AT_ONCE
        if not new:
            self.ended = self.rewritten or os.fstat(number).st_nlink == 0  # removed, and nobody wrote to it since
            return self._parsed(self._taken(len(self._held))) if self.ended and not self.rewritten else (None, [])
        self._offset += len(new)
        self._before = (before + new)[-_REMEMBERED:]
        self._held += new
        return self._parsed(self._taken(self._whole())) if b"\n" in new else (None, [])

    def account(self) -> FileAccount:
        """Return where every line went that was read so far; what is not over yet is unfinished. The sum is exact at any moment."""
        waiting = self._held.count(b"\n") + (not self._held.endswith(b"\n") and bool(self._held))
        counts = self._counts
        return FileAccount(
            self.path, self._format.name if self._format else "unknown", "none", counts["lines"] + waiting, counts["parsed"], counts["rejected"],
            counts["blank"], counts["unfinished"] + waiting, mismatched=dict(self._mismatched), continued=counts["continued"],
        )  # fmt: skip

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def _whole(self) -> int:
        """Return how many of the bytes held are whole entries."""
        self._held = self._held if self._counts["lines"] else self._held.removeprefix(BOM)
        end = self._held.rfind(b"\n") + 1
        if self._format is None:
            lines = [line for line in (one.strip() for one in self._held[:end].split(b"\n")) if line]
            self._format = recognise(lines, extra=self._extra)
            if self._format is None and len(lines) >= UNKNOWN_LINES:
                raise ParameterError(f"{self.path}: no known log format fits.", remedy="Name one with --format: see docs/logs.md.")
        if isinstance(self._format, FoldedFormat):
            records = self._format.records(enumerate((line + b"\n" for line in self._held[:end].split(b"\n")[:-1]), 1))
            return end - sum(len(record.text) for record in records if record.kind is Kind.UNFINISHED)
        return end if self._format else 0

    def _taken(self, size: int) -> bytes:
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def _parsed(self, content: bytes) -> tuple[pd.DataFrame | None, list[Rejected]]:
        if not content or self._format is None:
            return None, []
        with tempfile.TemporaryDirectory(prefix="runbook-logs-") as folder:
            batch = Path(folder) / "batch"
            batch.write_bytes(content)
            with Logs.open([batch], as_format=self._format.name, extra=self._extra) as logs:
                account, entries = logs.account()[0], logs.frame(_ENTRIES)
                rejected = [replace(one, line=one.line + self._counts["lines"]) for _, one in logs.rejected()] if account.rejected else []
        self._counts.update({name: getattr(account, name) for name in ("lines", "parsed", "rejected", "blank", "unfinished", "continued")})
        self._mismatched.update(account.mismatched)
        return entries, rejected
