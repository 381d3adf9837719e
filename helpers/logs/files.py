"""The files behind globs, and what is physically in each: every line counted before anything is parsed.

A truncated archive is found here: a cut .zst gives no error when it is read, a cut .gz gives nothing but one.
"""

from __future__ import annotations

import glob
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from helpers.errors import ParameterError

__all__ = ["BOM", "Physical", "compression_of", "find_files", "lines_in", "opened", "sample", "scan"]

CHUNK = 1 << 22
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\v\f"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Physical:
    """One file as it lies there: `lines` of which `blank`; `tail` when the last has no newline; the `longest` in bytes.

    Where entries span lines, `continued` of them only continue one, and `unfinished` says how many the last one has so far; None: to be asked
    of the reader. `returns` is whether carriage returns stand within lines.
    """

    path: Path
    compression: str
    size: int
    lines: int
    blank: int
    longest: int
    tail: bytes | None = None
    truncated: bool = False
    bom: bool = False
    blank_numbers: list[int] = field(default_factory=list, repr=False)
    continued: int = 0
    unfinished: int | None = None
    returns: bool = False


def find_files(patterns: Sequence[str | Path]) -> list[Path]:
    """Return the files that the globs and paths name, each once, sorted; a path that exists is taken as it is.

    Raises:
        ParameterError: a pattern names no file.

    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern).expanduser()
        expanded = glob.glob(str(path), recursive=True)  # noqa: PTH207 - absolute and relative patterns alike
        hits = [path] if path.is_file() else [Path(hit) for hit in expanded if Path(hit).is_file()]
        if not hits:
            raise ParameterError(
                f"No log file matches {str(pattern)!r}.", remedy="Give paths or globs of files: '/var/log/app/*.ndjson.gz'."
            )
        found |= dict.fromkeys(hits)
    return sorted(found)


def compression_of(path: Path) -> str:
    """Return `gzip`, `zstd` or `none`, by the file's first bytes."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "none")


def opened(path: Path) -> Iterator[bytes]:
    """Yield the content in chunks, decompressed. Raises EOFError after the readable part of a truncated archive."""
    compression = compression_of(path)
    with path.open("rb") as file:
        if compression == "gzip":
            yield from _gunzipped(file)
        elif compression == "zstd":
            yield from _unzstd(file)
        else:
            yield from iter(lambda: file.read(CHUNK), b"")


def lines_in(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each line, with its newline if it has one. Raises EOFError as `opened` does, after the last of them."""
    number, rest, cut = 1, list[bytes](), None
    try:
        for chunk in opened(path):
            *whole, last = chunk.split(b"\n")
            for line in whole:
                yield number, b"".join([*rest, line, b"\n"])
                number, rest = number + 1, []
            rest += [last] if last else []
    except EOFError as error:
        cut = error
    if rest:
        yield number, b"".join(rest)
    if cut is not None:
        raise cut


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    member, rest = zlib.decompressobj(31), b""
    begun = False
    while data := rest or file.read(CHUNK // 4):
        try:
            out, begun = member.decompress(data), True
        except zlib.error as error:
            raise EOFError(str(error)) from None
        rest = b""
        if out:
            yield out
        if member.eof:
            rest, member, begun = member.unused_data.lstrip(b"\0"), zlib.decompressobj(31), False
    if begun:
        raise EOFError("the archive ends in the middle")


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    frame, rest, begun = zstandard.ZstdDecompressor().decompressobj(), b"", False
    while data := rest or file.read(CHUNK // 4):
        try:
            out, begun = frame.decompress(data), True
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
        rest = b""
        if out:
            yield out
        if frame.eof:
            rest, frame, begun = frame.unused_data, zstandard.ZstdDecompressor().decompressobj(), False
    if begun:
        raise EOFError("the archive ends in the middle")


def sample(path: Path, *, lines: int = 200, at_most: int = 1 << 20) -> list[bytes]:
    """Return up to `lines` lines from the beginning that are not blank, without a BOM, by which the format is recognised."""
    head = b""
    try:
        for chunk in opened(path):
            head += chunk
            if b"\n" in head and (len(head) >= at_most or head.count(b"\n") > lines):
                head = head[: head.rindex(b"\n")]  # a line that is cut here is of no format
                break
    except EOFError:
        pass  # what is readable is enough to recognise it; the scan says that it is cut
    found = [line.strip() for line in head.removeprefix(BOM).split(b"\n")]
    return [line for line in found if line][:lines]


def scan(path: Path, progress: Progress = lambda _: None, *, up_to: int | None = None) -> Physical:
    """Return what is in the file, one pass over it.

    Args:
        path: A plain, .gz or .zst file, recognised by content.
        progress: Called with the bytes of content read since the last call.
        up_to: For a plain file that grows: count its first `up_to` bytes only.

    """
    counter, truncated, first = _Counter(), False, b""
    left = up_to
    try:
        for chunk in opened(path):
            part = chunk if left is None else chunk[:left]
            first = first or part[:3]
            counter.add(part)
            progress(len(part))
            if left is not None:
                left -= len(part)
                if left <= 0:
                    break
    except EOFError:
        truncated = True
    counter.end()
    return Physical(
        path, compression_of(path), path.stat().st_size, counter.lines, len(counter.blanks), counter.longest, counter.tail,
        truncated, first == BOM, counter.blanks, returns=counter.returns,
    )  # fmt: skip


class _Counter:
    """Counts lines across chunks. A line is blank when it holds white space only."""

    def __init__(self) -> None:
        self.lines, self.longest, self.blanks = 0, 0, list[int]()
        self.tail: bytes | None = None
        self._rest: list[bytes] = []
        self._rest_size = 0
        self.returns, self._returned = False, False

    def add(self, chunk: bytes) -> None:
        """Take one chunk in."""
        import numpy as np

        self._look_for_returns(chunk)
        ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == 10)
        if not len(ends):
            self._keep(chunk)
            return
        head = b"".join(self._rest) + chunk[: int(ends[0])]
        self._line(head)
        starts, stops = ends[:-1] + 1, ends[1:]
        if len(starts):
            self._lines(chunk, starts, stops)
        self._rest, self._rest_size = [], 0
        self._keep(chunk[int(ends[-1]) + 1 :])

    def _look_for_returns(self, chunk: bytes) -> None:
        """One that ends a line is part of its end; one that ends the chunk may be."""
        count = chunk.count(b"\r") - chunk.endswith(b"\r") if not self.returns and b"\r" in chunk else 0
        between = self._returned and not chunk.startswith(b"\n")
        self.returns = self.returns or between or (count > 0 and count > chunk.count(b"\r\n"))
        self._returned = chunk.endswith(b"\r")

    def _keep(self, part: bytes) -> None:
        if part:
            self._rest.append(part)
            self._rest_size += len(part)

    def _line(self, line: bytes) -> None:
        self.lines += 1
        self.longest = max(self.longest, len(line))
        if not line.strip(_SPACE):
            self.blanks.append(self.lines)

    def _lines(self, chunk: bytes, starts: object, stops: object) -> None:
        import numpy as np

        data = np.frombuffer(chunk, dtype=np.uint8)
        lengths = np.asarray(stops) - np.asarray(starts)
        firsts = data[np.asarray(starts)]  # of an empty line this is its newline
        for i in np.flatnonzero((lengths == 0) | np.isin(firsts, (9, 11, 12, 13, 32))):
            if not chunk[int(np.asarray(starts)[i]) : int(np.asarray(stops)[i])].strip(_SPACE):
                self.blanks.append(self.lines + int(i) + 1)
        self.lines += len(lengths)
        self.longest = max(self.longest, int(lengths.max()))

    def end(self) -> None:
        """The file is over: what is left is a line without a newline."""
        rest = b"".join(self._rest)
        if rest:
            self._line(rest)
            self.tail = rest
