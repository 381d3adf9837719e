"""The window a question is asked about: its condition in SQL, and of a large file only the part that holds it."""

# ruff: noqa: S608 - the relation's SQL is our own

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.logs.copies import room_for
from helpers.logs.files import Physical, compression_of
from helpers.logs.folding import FoldedFormat
from helpers.logs.format import Format
from helpers.logs.reading import relation
from helpers.logs.window import FEWEST_BYTES, WORTH, Times, cut_out, span

if TYPE_CHECKING:
    import duckdb

__all__ = ["ALWAYS", "Window"]

Connect = Callable[[Path, int], "duckdb.DuckDBPyConnection"]


@dataclass(frozen=True)
class Window:
    """From `since` to before `until`, either of them open when None; `whole` says of large files why all of them was read."""

    since: datetime | None = None
    until: datetime | None = None
    whole: dict[Path, str] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """The condition on entries, in SQL."""
        bounds = [f"timestamp {sign} timestamptz '{at.isoformat()}'" for sign, at in ((">=", self.since), ("<", self.until)) if at]
        return " and ".join(bounds) or "true"

    def part_of(self, path: Path, format_: Format, folder: Path, connect: Connect) -> Path | None:
        """Return a copy of the part of a file that holds the window; None when the file itself is to be read."""
        size = path.stat().st_size
        if not (self.since or self.until) or size < FEWEST_BYTES:
            return None
        if why := _unsearchable(path, format_):
            self.whole[path] = why
            return None
        with connect(folder, 0) as duck:
            found = span(path, size, _times(duck, format_, room_for(folder, "probe")), self.since, self.until)
        if found.why:
            self.whole[path] = found.why
        if found.why or found.end - found.start > WORTH * size:
            return None
        copy = room_for(folder, "window")
        cut_out(path, found, copy)
        return copy


def _unsearchable(path: Path, format_: Format) -> str:
    """Return why a file has no middle to look at; empty when it has."""
    if compression_of(path) != "none":
        return "it is compressed"
    if isinstance(format_, FoldedFormat):
        return "its entries span lines"
    return "" if "timestamp" in format_.columns else "its entries say no time"


def _times(duck: duckdb.DuckDBPyConnection, format_: Format, probe: Path) -> Times:
    """Return what tells the times of a block of lines, read as the file itself would be, but for the other columns."""
    lean = replace(format_, columns={"timestamp": format_.columns["timestamp"]})

    def times(block: bytes) -> Sequence[float]:
        probe.write_bytes(block)
        alone = Physical(probe, "none", len(block), 0, 0, len(block))
        return [at for (at,) in duck.execute(f"select epoch(timestamp) from ({relation(lean, alone, probe)})").fetchall() if at is not None]

    return times


ALWAYS = Window()
