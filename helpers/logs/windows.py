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
from helpers.logs.window import FEWEST_BYTES, WORTH, cut_out, span

if TYPE_CHECKING:
    import duckdb

__all__ = ["ALWAYS", "Window"]


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

    def part_of(self, path: Path, format_: Format, folder: Path, connect: Callable[[Path, int], duckdb.DuckDBPyConnection]) -> Path | None:
        """Return a copy of the part of a file that holds the window; None when the file itself is to be read."""
        size = path.stat().st_size
        if not (self.since or self.until) or size < FEWEST_BYTES:
            return None
        if compression_of(path) != "none":
            self.whole[path] = "it is compressed"
            return None
        if isinstance(format_, FoldedFormat):
            self.whole[path] = "its entries span lines"
            return None
        if "timestamp" not in format_.columns:
            self.whole[path] = "its entries say no time"
            return None
        probe, lean = room_for(folder, "probe"), replace(format_, columns={"timestamp": format_.columns["timestamp"]})
        with connect(folder, 0) as duck:

            def times(block: bytes) -> Sequence[float]:
                probe.write_bytes(block)
                alone = Physical(probe, "none", len(block), 0, 0, len(block))
                return [at for (at,) in duck.execute(f"select epoch(timestamp) from ({relation(lean, alone, probe)})").fetchall() if at]

            found = span(path, size, times, self.since, self.until)
        probe.unlink(missing_ok=True)
        if found.why:
            self.whole[path] = found.why
        if found.why or found.end - found.start > WORTH * size:
            return None
        copy = room_for(folder, "window")
        cut_out(path, found, copy)
        return copy


ALWAYS = Window()
