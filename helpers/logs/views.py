"""What a question reads of each file: the file where it lies, a copy while it grows, or what was kept of it.

Answers are over the files as they were when their lines were counted: a file that grows is read, from then on, from a copy of its beginning.
"""

# ruff: noqa: S608 - file names are quoted in reading.py; the rest is our own text

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from helpers.logs import cache
from helpers.logs.copies import frozen, room_for
from helpers.logs.files import Physical
from helpers.logs.format import Format
from helpers.logs.reading import literal, relation

if TYPE_CHECKING:
    import duckdb

__all__ = ["LogFile", "Views"]

T = TypeVar("T")
_MACROS = Path(__file__).with_name("macros.sql")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, what is physically in it, its format, and where it is read from: itself, or a readable copy."""

    physical: Physical
    format: Format
    source: Path

    @property
    def lies(self) -> bool:
        """Whether it is read where it lies, under its own name or another one."""
        return self.source == self.physical.path or self.source.is_symlink()


class Views:
    """One view a file, `file_0` and so on, and all of them together as `entries`."""

    def __init__(self, duck: duckdb.DuckDBPyConnection, files: Sequence[LogFile], folder: Path, *, where: str = "true") -> None:
        self.files = list(files)
        self._duck, self._folder, self._asked = duck, folder, 0
        self._lying = {number for number, file in enumerate(files) if file.lies}
        self._asleep = set[int]()  # files that lie there, and are not read as long as nobody asks for more than was kept
        for number, file in enumerate(files):
            self._read(number, relation(file.format, file.physical, file.source))
            if self._is_large(number):
                self._kept(number, cache.find(_key(file)))
        union = " union all ".join(f"select * from file_{number} where {where}" for number in range(len(files)))
        duck.execute(f"create temp view entries as {union}")

    def steadily(self, ask: Callable[[], T], *, raw: bool = False) -> T:
        """Return what `ask` returns, asked again as long as a file that it read was growing.

        Args:
            ask: Reads the views; with `raw`, the files' sources, even where something was kept of them.
            raw: Whether it does.

        Raises:
            RunbookError: a file was truncated; what was counted is gone.

        """
        while True:
            self._freeze(raw)
            answer = ask()
            if not self._grown(raw):
                return answer

    def keep(self) -> None:
        """Before the second question, keep large files as Parquet: one question is cheaper without, several are not."""
        self._asked += 1
        if self._asked == 2:
            self._freeze(raw=False)
            for number in [number for number in self._lying if self._is_large(number)]:
                self._kept(number, self._written(number))

    def _is_large(self, number: int) -> bool:
        return number in self._lying and self.files[number].physical.size >= cache.FEWEST_BYTES

    def _read(self, number: int, sql: str) -> None:
        self._duck.execute(f"create or replace temp view file_{number} as {sql}")

    def _kept(self, number: int, copy: Path | None) -> None:
        """Let the view of one file read what is kept of it, if that is whole."""
        import duckdb

        if copy is None:
            return
        try:
            self._read(number, f"select * from read_parquet({literal(str(copy))})")
        except duckdb.Error:
            return  # the log itself is still there to be read
        self._lying.discard(number)
        self._asleep.add(number)

    def _written(self, number: int) -> Path | None:
        file = self.files[number]
        copy = f"copy (select * from file_{number}) to $to (format parquet, compression zstd)"
        return cache.keep(_key(file), file.physical.size, lambda to: self._duck.execute(copy.replace("$to", literal(str(to)))))

    def _grown(self, raw: bool) -> list[int]:
        """Which files are read where they lie, and are not as they were."""
        files = ((number, self.files[number]) for number in (self._lying | self._asleep if raw else self._lying))
        return [number for number, file in files if file.source.stat().st_size != file.physical.size]

    def _freeze(self, raw: bool) -> None:
        for number in self._grown(raw):
            file = self.files[number]
            copy = room_for(self._folder, "log")
            frozen(file.source, file.physical.size, copy)
            self.files[number] = replace(file, source=copy)
            if number in self._lying:
                self._read(number, relation(file.format, file.physical, copy))
            self._lying.discard(number)
            self._asleep.discard(number)


def _key(file: LogFile) -> str:
    return cache.key_of(file.source, relation(file.format, file.physical, file.source) + _MACROS.read_text(encoding="utf-8"))
