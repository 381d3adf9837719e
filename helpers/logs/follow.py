"""Logs while they are written: batches of entries, and a running account that is exact at every moment.

Files are followed by what they are, not by their names: through a rotation by renaming, a truncation (copytruncate), and new files that match.
Compressed files are not followed: they are what became of files that were.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import ParameterError
from helpers.logs.account import FileAccount, Rejected
from helpers.logs.files import compression_of, find_files, sample
from helpers.logs.format import Format
from helpers.logs.formats import formats, recognise
from helpers.logs.stream import Stream

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Batch", "follow"]

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Batch:
    """What came since the batch before: entries in the schema's columns, times in UTC; and the account of all that was read, one a stream."""

    entries: pd.DataFrame
    rejected: Sequence[tuple[Path, Rejected]]
    accounts: Sequence[FileAccount]


def follow(
    patterns: Sequence[str | Path],
    *,
    as_format: str = "",
    extra: Sequence[Format] = (),
    from_start: bool = True,
    poll_s: float = 0.5,
    more: Callable[[], bool] = lambda: True,
) -> Iterator[Batch]:
    """Yield a batch each time the files were looked at, an empty one when nothing came.

    Args:
        patterns: Globs or paths; looked at anew each time.
        as_format: Name of the format of all files; empty: recognised by content.
        extra: Formats of the user's own.
        from_start: Whether what is there already is read too; else from the last whole line on. Files that appear later are read from their start.
        poll_s: Seconds between two looks, as long as nothing is left to read.
        more: Asked before each look; no more batches when it says no.

    Raises:
        ParameterError: nothing matches at first, or no format fits a file.

    """
    import pandas as pd

    known = {**formats(), **{one.name: one for one in extra}}
    if as_format and as_format not in known:
        raise ParameterError(f"There is no log format {as_format!r}.", remedy=f"Known: {', '.join(known)}.")
    followed = _Followed([str(p) for p in patterns], known.get(as_format), extra)
    followed.look(find_files(patterns), from_start=from_start)
    empty = _empty()
    try:
        while more():
            found = followed.read()
            frames = [frame for _, frame, _ in found if frame is not None and len(frame)]
            entries = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0] if frames else empty
            yield Batch(entries, [(path, one) for path, _, rejected in found for one in rejected], followed.accounts())
            if not followed.backlog:
                time.sleep(poll_s)
            with contextlib.suppress(ParameterError):  # in the middle of a rotation nothing may be there
                followed.look(find_files(patterns), from_start=True)
    finally:
        followed.close()


class _Followed:
    """All streams there are and were."""

    def __init__(self, patterns: Sequence[str], format_: Format | None, extra: Sequence[Format]) -> None:
        self._format, self._extra = format_, extra
        self._streams: list[Stream] = []
        self._over: list[FileAccount] = []

    @property
    def backlog(self) -> bool:
        """Whether something is left to be read at once."""
        return any(stream.backlog for stream in self._streams)

    def look(self, paths: Sequence[Path], *, from_start: bool) -> None:
        """Open what is new."""
        keys = {stream.key for stream in self._streams}
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                at = path.stat()
                if (at.st_dev, at.st_ino) not in keys and compression_of(path) == "none":
                    self._open(path, 0 if from_start else _last_line(path))

    def _open(self, path: Path, offset: int) -> None:
        format_ = self._format or recognise(sample(path), extra=self._extra)
        self._streams.append(Stream(path, FileIO(path), format_, self._extra, offset))

    def read(self) -> list[tuple[Path, pd.DataFrame | None, list[Rejected]]]:
        """Return what came from each; one that was truncated ends, and is begun anew at the next look."""
        found = []
        for stream in list(self._streams):
            found.append((stream.path, *stream.read()))
            if stream.ended:
                self._end(stream)
        return found

    def _end(self, stream: Stream) -> None:
        self._streams.remove(stream)
        self._over.append(stream.account())
        if stream.rewritten:
            self._streams.append(stream.again())
        stream.close()

    def accounts(self) -> list[FileAccount]:
        """Return the account of each, those that are over first."""
        return [*self._over, *(stream.account() for stream in self._streams)]

    def close(self) -> None:
        """Give the files back."""
        for stream in self._streams:
            stream.close()


def _last_line(path: Path) -> int:
    """Return where the file's last line begins that is not over, or its end."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        while end > 0:
            start = max(0, end - CHUNK)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _empty() -> pd.DataFrame:
    import pandas as pd

    from helpers.logs.schema import COLUMNS

    return pd.DataFrame(columns=list(COLUMNS))
