"""Gigabytes of logs as one table: DuckDB inside, pandas at the surface, every line accounted for."""

# ruff: noqa: S608 - file names and patterns are quoted in reading.py; the rest is our own text

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import ParameterError
from helpers.logs.account import FileAccount, Rejected, reason_of, shown
from helpers.logs.copies import named, readable, room_for
from helpers.logs.files import Physical, Progress, find_files, lines_in, sample, scan
from helpers.logs.folding import FoldedFormat, fold, rejected_in
from helpers.logs.format import Format, JsonFormat, LineFormat
from helpers.logs.formats import NOTHING, formats, recognise
from helpers.logs.reading import RETURN, present, raw_rows
from helpers.logs.unpacking import STDIN, from_stdin, is_array, unpack
from helpers.logs.views import LogFile, Views
from helpers.logs.windows import ALWAYS, Window
from helpers.redaction import redact

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["LogFile", "Logs"]

MEMORY = 320 << 20
ENTRY = 24  # bytes: an exact quantile holds every duration of its group, in buffers that double as they grow; they do not spill
LINES_HELD = 40  # readers and questions (sorts, expressions) hold the longest line in several buffers at once, on each thread
_MACROS = Path(__file__).with_name("macros.sql")


class Logs:
    """Log files read as one table `entries` of the schema; use as a context manager, so that copies are removed."""

    def __init__(self, files: Sequence[LogFile], folder: tempfile.TemporaryDirectory[str], window: Window) -> None:
        self._folder, self.window = folder, window
        longest, lines = max((f.physical.longest for f in files), default=0), sum(f.physical.lines for f in files)
        self._duck = _connected(Path(folder.name), longest, lines)
        self._views = Views(self._duck, files, Path(folder.name), where=window.condition)

    @property
    def files(self) -> Sequence[LogFile]:
        """The files, and where each is read from now."""
        return self._views.files

    @classmethod
    def open(
        cls,
        patterns: Sequence[str | Path],
        *,
        as_format: str = "",
        extra: Sequence[Format] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress = lambda _: None,
    ) -> Logs:
        """Return the logs behind globs and paths: plain, .gz or .zst, of any known format, mixed.

        Args:
            patterns: Globs or paths; `-` is standard input.
            as_format: Name of the format of all files; empty: recognised file by file, by content.
            extra: Formats of the user's own.
            since: Entries from this moment on; those without a time are left out then. Large plain files are searched for their part.
            until: Entries before this moment.
            progress: Called with the bytes of content counted since its last call.

        Raises:
            ParameterError: nothing matches, no format fits a file (with what its first line looks like), or one cannot be read.

        """
        folder = tempfile.TemporaryDirectory(prefix="runbook-logs-")
        try:
            room = Path(folder.name)
            paths = [from_stdin(room) if str(p) == STDIN else p for p in patterns]
            window = Window(since, until)
            return cls([_file(path, as_format, extra, room, progress, window) for path in find_files(paths)], folder, window)
        except OSError as error:
            folder.cleanup()
            raise ParameterError(
                f"{error.filename or 'A log file'} cannot be read: {error.strerror or error}.",
                remedy="Read it as its owner, or name others.",
            ) from error
        except BaseException:
            folder.cleanup()
            raise

    def frame(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> pd.DataFrame:
        """Return the rows of one query over `entries`."""
        self._views.keep()
        return self._views.steadily(lambda: self._duck.execute(sql, parameters or None).df())

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one query over `entries`, as tuples."""
        self._views.keep()
        return self._views.steadily(lambda: self._duck.execute(sql, parameters or None).fetchall())

    def define(self, statement: str) -> None:
        """Run a statement that reads no log: a macro or a view for the questions to come."""
        self._duck.execute(statement)

    def account(self) -> list[FileAccount]:
        """Return where every line of every file went. Raises RunbookError when the sum is not exact (a bug)."""
        return [self._account(number) for number in range(len(self.files))]

    def _account(self, number: int) -> FileAccount:
        columns, (parsed, *mismatched) = self._views.steadily(lambda: self._counted(self.files[number]), raw=True)
        file = self.files[number]
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

    def _counted(self, file: LogFile) -> tuple[list[str], tuple[int, ...]]:
        """Return the names of the columns that convert; and how many entries there are, and of each how many did not."""
        columns = {name: one for name, one in file.format.columns.items() if one.raw != one.value}
        counts = "".join(f", count(*) filter (where {c.raw} is not null and {c.typed(name)} is null)" for name, c in columns.items())
        rows = raw_rows(file.format, file.physical, file.source)
        return list(columns), self._duck.execute(f"select count(*){counts} from ({rows}) where {present(file.format)}").fetchall()[0]

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
        last = file.physical.lines + (file.physical.tail is None)  # a last line without a newline is an entry or unfinished
        for number, copied in lines_in(file.source):
            if found >= limit or number >= last:
                return
            line = copied.replace(RETURN.encode(), b"\r") if file.physical.returns and not as_json else copied
            if line.strip() and not file.format.certain(line) and not (as_json and self._whole(file, line)):
                found += 1
                yield Rejected(number, reason_of(line, as_json=as_json), shown(line))

    def interrupt(self) -> None:
        """End the query that is running, from another thread; it raises there. Nothing happens when none is, or the logs are closed."""
        import duckdb

        with contextlib.suppress(duckdb.Error):
            self._duck.interrupt()

    def close(self) -> None:
        """Give memory and copies back."""
        self._duck.close()
        self._folder.cleanup()

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connected(folder: Path, longest: int, lines: int = 0) -> duckdb.DuckDBPyConnection:
    import duckdb

    memory = max(MEMORY, LINES_HELD * longest, MEMORY // 2 + ENTRY * lines)
    connection = duckdb.connect(config={"memory_limit": f"{memory >> 20}MiB", "temp_directory": str(folder / "spill")})
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(_MACROS.read_text(encoding="utf-8"))
    return connection


def _file(path: Path, name: str, extra: Sequence[Format], folder: Path, progress: Progress, window: Window = ALWAYS) -> LogFile:
    size = path.stat().st_size
    lines = sample(path)
    if is_array(lines):
        copy = room_for(folder, "unpacked")
        unpack(path, copy)
        unpacked = _file(copy, name, extra, folder, progress)
        return LogFile(replace(unpacked.physical, path=path), unpacked.format, unpacked.source)
    format_ = _named(name, extra) if name else recognise(lines, extra=extra) if lines else NOTHING
    if isinstance(format_, FoldedFormat):
        copy = room_for(folder, "folded")
        return LogFile(fold(path, copy, format_, progress), format_, copy)
    if format_ and (part := window.part_of(path, format_, folder, _connected)):
        found = _file(part, format_.name, extra, folder, progress)
        return LogFile(replace(found.physical, path=path), found.format, found.source)
    physical = scan(path, progress)
    if format_ is None:
        raise _unknown(path, lines)
    grew, is_text = path.stat().st_size != size, isinstance(format_, LineFormat)
    if not (grew or physical.truncated or physical.bom or (is_text and (physical.returns or physical.tail is not None))):
        return LogFile(physical, format_, named(path, folder))
    copy = room_for(folder, "log")
    up_to = size if grew and physical.compression == "none" else None
    return LogFile(readable(path, copy, physical, up_to=up_to, whole_lines=is_text), format_, copy)


def _unknown(path: Path, lines: Sequence[bytes]) -> ParameterError:
    seen = redact(lines[0][:120].decode(errors="backslashreplace")) if lines else "(nothing but blank lines)"
    return ParameterError(
        f"{path}: no known log format fits. Its first line: {seen}",
        remedy=f"Name one ({', '.join(formats())}), or map your own JSON in the profile: see docs/logs.md.",
    )


def _named(name: str, extra: Sequence[Format] = ()) -> Format:
    known = {**formats(), **{one.name: one for one in extra}}
    if name not in known:
        raise ParameterError(f"There is no log format {name!r}.", remedy=f"Known: {', '.join(known)}.")
    return known[name]
