"""Where in a plain file the entries between two moments lie, found by binary search: a look at some blocks instead of all of them.

Logs are almost in order of time: each writer is, and several share a file. How far entries lie before an earlier one is measured on blocks
spread over the file, and what is searched is wider by twice that, at least by SLACK_S. Where the blocks themselves are not in order
(files concatenated, a clock set back), nothing is searched: the whole file is to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpers.logs.files import CHUNK

__all__ = ["BLOCK", "FEWEST_BYTES", "WORTH", "Span", "Times", "cut_out", "span"]

BLOCK = 1 << 16  # bytes looked at in one place: some hundred lines
PLACES = 24  # spread over the file, by which its order is judged
SLACK_S = 5.0  # request logs are written when a request ends: those of one moment lie seconds apart
LONGEST = 1 << 26  # bytes of a line, above which the search gives up
WORTH = 0.5  # of the file; a larger part is not worth a copy
FEWEST_BYTES = 16 << 20  # smaller files are read in a fraction of a second

Times = Callable[[bytes], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a file, both where lines begin; `why` the whole file is to be read, empty where it is not."""

    start: int
    end: int
    why: str = ""


class _Whole(Exception):
    """The file cannot be searched."""


def span(path: Path, size: int, times: Times, since: datetime | None, until: datetime | None) -> Span:
    """Return the bytes that hold all entries from `since` to before `until`; wider where entries are not quite in order.

    Args:
        path: A plain file, of one line an entry.
        size: Its bytes that count.
        times: Returns the times of a block of whole lines, in their order, as seconds since the epoch; lines without one are left out.
        since: From when on; None: from the beginning.
        until: Before when; None: to the end.

    """
    try:
        file = _File(path, size, times)
        slack = _disorder(file)
        start = file.around(since.timestamp() - slack)[0] if since else 0
        end = file.around(until.timestamp() + slack)[1] if until else size
    except _Whole as why:
        return Span(0, size, str(why))
    return Span(start, max(start, end))


def cut_out(path: Path, found: Span, copy: Path) -> None:
    """Write those bytes of the file to `copy`."""
    left = found.end - found.start
    with path.open("rb") as source, copy.open("wb") as target:
        source.seek(found.start)
        while left > 0 and (part := source.read(min(left, CHUNK))):
            target.write(part)
            left -= len(part)


class _File:
    """A file by the times of its blocks."""

    def __init__(self, path: Path, size: int, times: Times) -> None:
        self.size = size
        self._path, self._times = path, times

    def block(self, offset: int) -> tuple[int, bytes]:
        """Return where the first line from `offset` on begins, and whole lines from there, about BLOCK bytes of them."""
        with self._path.open("rb") as file:
            file.seek(max(offset - 1, 0))
            skipped = len(file.readline(LONGEST)) if offset else 0
            start = max(offset - 1, 0) + skipped
            lines = file.read(max(0, min(BLOCK, self.size - start)))
            if start + len(lines) < self.size:
                lines += file.readline(LONGEST)
        if skipped >= LONGEST or len(lines) >= LONGEST:
            raise _Whole(f"a line is longer than {LONGEST >> 20} MiB")
        return start, lines[: self.size - start]

    def times_from(self, offset: int, end: int) -> tuple[int, Sequence[float], int]:
        """Return where the first block with times from `offset` on begins, its times, and its length; no times where `end` comes first."""
        while offset < end:
            start, lines = self.block(offset)
            if found := self._times(lines):
                return start, found, len(lines)
            offset = start + max(len(lines), 1)
        return end, (), 0

    def around(self, moment: float) -> tuple[int, int]:
        """Return where a line begins before which every entry is earlier than `moment`, and one after which none is, but for disorder."""
        low, high, end = 0, self.size, self.size
        while high - low > BLOCK:
            middle = (low + high) // 2
            start, times, length = self.times_from(middle, high)
            if times and max(times) < moment:
                low = middle
            else:
                high, end = middle, start + length if times else end
        return self.block(low)[0] if low else 0, end


def _disorder(file: _File) -> float:
    """Return by how many seconds entries may lie before an earlier one. Raises _Whole when blocks are not in order."""
    latest, slack, seen = float("-inf"), SLACK_S, False
    for number in range(PLACES):
        _, times, _ = file.times_from(file.size * number // PLACES, file.size * (number + 1) // PLACES)
        highest = float("-inf")
        for time in times:
            slack, highest = max(slack, 2 * (highest - time)), max(highest, time)
        if times and min(times) < latest - slack:
            raise _Whole("its entries are not in order of time")
        latest, seen = max(latest, highest), seen or bool(times)
    if not seen:
        raise _Whole("its entries say no time")
    return slack
