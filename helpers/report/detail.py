"""How much a report shows: everything that helps, less when there is very much of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEVELS", "PRINTED", "Detail"]


@dataclass(frozen=True, slots=True)
class Detail:
    """Limits of one report: rows and columns per table, characters per cell and per text, records per step, dots per strip."""

    rows: int = 10
    columns: int = 8
    cell: int = 240
    text: int = 4000
    records: int = 40
    dots: int = 220
    shortened: bool = False


PRINTED = Detail(columns=6)  # a page does not scroll
# Tried in order until the report is small enough.
LEVELS = (
    Detail(),
    Detail(rows=5, cell=160, text=2000, records=25, dots=160, shortened=True),
    Detail(rows=3, cell=80, text=800, records=12, dots=100, shortened=True),
    Detail(rows=1, columns=4, cell=40, text=240, records=4, dots=60, shortened=True),
)
