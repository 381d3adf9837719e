"""Gigabytes of logs as one table: DuckDB inside, pandas at the surface, every line accounted for."""

# ruff: noqa: S608 - file names and patterns are quoted in reading.py; the rest is our own text

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import ParameterError
from helpers.logs import cache
from helpers.logs.account import FileAccount, Rejected, reason_of, shown
from helpers.logs.files import Physical, Progress, find_files, lines_in, opened, sample, scan
from helpers.logs.folding import FoldedFormat, fold, rejected_in
from helpers.logs.format import Format, JsonFormat
from helpers.logs.formats import formats, recognise
from helpers.logs.reading import literal, present, raw_rows, relation
from helpers.logs.unpacking import STDIN, from_stdin, is_array, unpack
from helpers.redaction import redact

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["LogFile", "Logs"]

MEMORY = 320 << 20
LINES_HELD = 10  # the reader holds a few buffers of the longest line at once
_MACROS = Path(__file__).with_name("macros.sql")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, what is physically in it, its format, and where it is read from: itself, or a readable copy."""

    physical: Physical
    format: Format
    source: Path


class Logs:
    """Log files read as one table `entries` of the schema; use as a context manager, so that copies are removed."""

    def __init__(self, files: Sequence[LogFile], folder: tempfile.TemporaryDirectory[str]) -> None:
        self.files = files
        self._folder = folder
        self._duck = _connected(Path(folder.name), max((f.physical.longest for f in files), default=0))
        self._asked = 0
        self._unkept = [number for number, file in enumerate(files) if not self._view(number, file)]
        union = " union all ".join(f"select * from file_{number}" for number in range(len(files)))
        self._duck.execute(f"create temp view entries as {union}")

    @classmethod
    def open(
        cls, patterns: Sequence[str | Path], *, as_format: str = "", extra: Sequence[Format] = (), progress: Progress = lambda _: None
    ) -> Logs:
        """Return the logs behind globs and paths: plain, .gz or .zst, of any known format, mixed.

        Args:
            patterns: Globs or paths; `-` is standard input.
            as_format: Name of the format of all files; empty: recognised file by file, by content.
            extra: Formats of the user's own.
            progress: Called with the bytes of content counted since its last call.

        Raises:
            ParameterError: nothing matches, or no format fits a file (with what its first line looks like).

        """
        folder = tempfile.TemporaryDirectory(prefix="runbook-logs-")
        try:
            room = Path(folder.name)
            paths = [from_stdin(room) if str(p) == STDIN else p for p in patterns]
            return cls([_file(path, as_format, extra, room, progress) for path in find_files(paths)], folder)
        except BaseException:
            folder.cleanup()
            raise

    def _view(self, number: int, file: LogFile) -> bool:
        """Make the view of one file; return whether a copy is what it reads, or would be of no use."""
        read = relation(file.format, file.physical, file.source)
        if file.source != file.physical.path or file.physical.size < cache.FEWEST_BYTES:
            self._duck.execute(f"create or replace temp view file_{number} as {read}")
            return True
        return self._kept(number, cache.find(_key(file))) or not self._duck.execute(f"create temp view file_{number} as {read}")

    def _kept(self, number: int, copy: Path | None) -> bool:
        """Let the view of one file read its copy, if that is whole."""
        import duckdb

        try:
            if copy:
                self._duck.execute(f"create or replace temp view file_{number} as select * from read_parquet({literal(str(copy))})")
        except duckdb.Error:
            return False
        return copy is not None

    def _keep(self) -> None:
        """Before the second question, keep large files as Parquet: one question is cheaper without, several are not."""
        self._asked += 1
        if self._asked == 2:
            self._unkept = [number for number in self._unkept if not self._kept(number, self._copied(number))]

    def _copied(self, number: int) -> Path | None:
        file = self.files[number]
        copy = f"copy (select * from file_{number}) to $to (format parquet, compression zstd)"
        return cache.keep(_key(file), file.physical.size, lambda to: self._duck.execute(copy.replace("$to", literal(str(to)))))

    def frame(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> pd.DataFrame:
        """Return the rows of one query over `entries`."""
        self._keep()
        return self._duck.execute(sql, parameters or None).df()

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one query over `entries`, as tuples."""
        self._keep()
        return self._duck.execute(sql, parameters or None).fetchall()

    def account(self) -> list[FileAccount]:
        """Return where every line of every file went. Raises RunbookError when the sum is not exact (a bug)."""
        return [self._account(file) for file in self.files]

    def _account(self, file: LogFile) -> FileAccount:
        columns = {name: one for name, one in file.format.columns.items() if one.raw != one.value}
        counts = "".join(f", count(*) filter (where {c.raw} is not null and {c.value} is null)" for c in columns.values())
        rows = raw_rows(file.format, file.physical, file.source)
        parsed, *mismatched = self._duck.execute(f"select count(*){counts} from ({rows}) where {present(file.format)}").fetchall()[0]
        physical = file.physical
        tail = physical.unfinished
        if tail is None:
            tail = int(physical.tail is not None and not self._whole(file, physical.tail))
        parsed += physical.continued
        rest = physical.lines - physical.blank - parsed
        return FileAccount(
            physical.path, file.format.name, physical.compression, physical.lines, parsed, rest - tail, physical.blank, tail,
            physical.truncated, {name: n for name, n in zip(columns, mismatched, strict=True) if n}, physical.continued,
        )  # fmt: skip

    def _whole(self, file: LogFile, tail: bytes) -> bool:
        """Whether a last line without a newline is an entry, as the reader sees it."""
        if not tail.strip():
            return True
        alone = Path(self._folder.name) / "tail"
        alone.write_bytes(tail)
        physical = Physical(alone, "none", len(tail), 1, 0, len(tail))
        rows = raw_rows(file.format, physical, alone)
        return bool(self._duck.execute(f"select count(*) from ({rows}) where {present(file.format)}").fetchall()[0][0])

    def rejected(self, limit: int = 20) -> Iterator[tuple[Path, Rejected]]:
        """Yield up to `limit` rejected lines a file, with line number, reason and redacted text."""
        for file in self.files:
            for one in self._rejected(file, limit):
                yield file.physical.path, one

    def _rejected(self, file: LogFile, limit: int) -> Iterator[Rejected]:
        """Lines are tried one by one in Python: slow, exact, and only as far as needed."""
        if isinstance(file.format, FoldedFormat):
            yield from islice(rejected_in(file.physical.path, file.format, file.physical.lines), limit)
            return
        as_json, found = isinstance(file.format, JsonFormat), 0
        for number, line in lines_in(file.source):
            if found >= limit:
                return
            if line.strip() and file.format.score([line]) == 0 and not self._whole(file, line):
                found += 1
                yield Rejected(number, reason_of(line, as_json=as_json), shown(line))

    def close(self) -> None:
        """Give memory and copies back."""
        self._duck.close()
        self._folder.cleanup()

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _key(file: LogFile) -> str:
    return cache.key_of(file.source, relation(file.format, file.physical, file.source) + _MACROS.read_text(encoding="utf-8"))


def _connected(folder: Path, longest: int) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        config={"memory_limit": f"{max(MEMORY, LINES_HELD * longest) >> 20}MiB", "temp_directory": str(folder / "spill")}
    )
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(_MACROS.read_text(encoding="utf-8"))
    return connection


def _file(path: Path, name: str, extra: Sequence[Format], folder: Path, progress: Progress) -> LogFile:
    size = path.stat().st_size
    lines = sample(path)
    if is_array(lines):
        copy = folder / f"{len(list(folder.iterdir()))}.unpacked"
        unpack(path, copy)
        unpacked = _file(copy, name, extra, folder, progress)
        return LogFile(replace(unpacked.physical, path=path), unpacked.format, unpacked.source)
    format_ = _named(name) if name else recognise(lines, extra=extra)
    if isinstance(format_, FoldedFormat):
        copy = folder / f"{len(list(folder.iterdir()))}.folded"
        return LogFile(fold(path, copy, format_, progress), format_, copy)
    physical = scan(path, progress)
    if format_ is None:
        seen = redact(lines[0][:120].decode(errors="backslashreplace")) if lines else "(nothing but blank lines)"
        raise ParameterError(
            f"{path}: no known log format fits. Its first line: {seen}",
            remedy=f"Name one ({', '.join(formats())}), or map your own JSON in the profile: see docs/logs.md.",
        )
    grew = path.stat().st_size != size
    if not (grew or physical.truncated or physical.bom):
        return LogFile(physical, format_, path)
    copy = folder / f"{len(list(folder.iterdir()))}.log"
    readable = _copied(path, copy, size if grew and physical.compression == "none" else None)
    return LogFile(_as_copied(readable, physical), format_, copy)


def _as_copied(copy: Physical, original: Physical) -> Physical:
    """The copy's lines under the original's name; it is plain, and ends where the original could be read to."""
    return Physical(
        original.path,
        "none",
        original.size,
        copy.lines,
        copy.blank,
        copy.longest,
        copy.tail,
        original.truncated,
        original.bom,
        copy.blank_numbers,
    )


def _copied(path: Path, copy: Path, up_to: int | None) -> Physical:
    left, first = up_to, True
    with copy.open("wb") as target:
        try:
            for chunk in opened(path):
                part = chunk if left is None else chunk[:left]
                target.write(part.removeprefix(b"\xef\xbb\xbf") if first else part)
                first = False
                if left is not None:
                    left -= len(part)
                    if left <= 0:
                        break
        except EOFError:
            pass  # the readable part is what there is; the account says that it was cut
    return scan(copy)


def _named(name: str) -> Format:
    if name not in formats():
        raise ParameterError(f"There is no log format {name!r}.", remedy=f"Known: {', '.join(formats())}.")
    return formats()[name]
