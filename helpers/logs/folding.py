"""Entries that span several lines: physical lines are put together to records, and written as one JSON object a line to be read.

What counts: every physical line of an entry is a parsed line, so that the sum stays exact to the line; `FileAccount.continued` says how
many of them only continue an entry. A blank line within an entry is part of it. The lines of a record that is still open where the file
ends are its unfinished tail.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from helpers.logs.account import Rejected, shown
from helpers.logs.files import BOM, Physical, Progress, compression_of, lines_in
from helpers.logs.format import JsonFormat

__all__ = ["FoldedFormat", "Kind", "Record", "fold", "records_in", "rejected_in"]


class Kind(Enum):
    """What some lines in a row are."""

    ENTRY = "entry"
    REJECTED = "rejected"
    BLANK = "blank"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Record:
    """Lines that belong together: the number of the first, how many, their text, and the fields or the reason there are none."""

    kind: Kind
    line: int
    count: int
    text: bytes
    fields: Mapping[str, str] | None = None
    reason: str = ""


@dataclass(frozen=True)
class FoldedFormat(JsonFormat):
    """A format whose entries may span lines; its columns are over the keys of the records' fields."""

    def records(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Record]:
        """Yield the records of numbered lines, which come with their newline; together they hold every line once."""
        raise NotImplementedError

    def score(self, lines: Sequence[bytes]) -> float:
        """Return the share of lines that are part of an entry; those of a record that is not over yet are left out."""
        found = dict.fromkeys(Kind, 0)
        for record in self.records(enumerate((line + b"\n" for line in lines), 1)):
            found[record.kind] += record.count
        known = found[Kind.ENTRY] + found[Kind.REJECTED]
        return self.particular * found[Kind.ENTRY] / known if known else 0.0


def records_in(path: Path, format_: FoldedFormat) -> Iterator[Record]:
    """Yield the records of a file. Raises EOFError after those of the readable part of a cut archive."""
    cut: list[EOFError] = []
    yield from format_.records(_readable(path, cut))
    if cut:
        raise cut[0]


def _readable(path: Path, cut: list[EOFError]) -> Iterator[tuple[int, bytes]]:
    try:
        for number, line in lines_in(path):
            yield number, line.removeprefix(BOM) if number == 1 else line
    except EOFError as error:
        cut.append(error)


def fold(path: Path, copy: Path, format_: FoldedFormat, progress: Progress = lambda _: None) -> Physical:
    """Write the file's entries to `copy`, one JSON object a line, and return what is physically in the file."""
    found, longest, entries = dict.fromkeys(Kind, 0), 0, 0
    blanks: list[int] = []
    truncated = False
    with copy.open("w", encoding="utf-8", newline="\n") as target:
        try:
            for record in records_in(path, format_):
                found[record.kind] += record.count
                progress(len(record.text))
                if record.kind is Kind.BLANK:
                    blanks.append(record.line)
                if record.fields is not None:
                    longest, entries = max(longest, 6 * len(record.text)), entries + 1  # \u00e9 for é, and the names of the fields
                    target.write(json.dumps(record.fields) + "\n")
        except EOFError:
            truncated = True
    plain = Physical(path, compression_of(path), path.stat().st_size, sum(found.values()), found[Kind.BLANK], longest + (1 << 12))
    return replace(
        plain, truncated=truncated, blank_numbers=blanks,
        continued=found[Kind.ENTRY] - entries, unfinished=found[Kind.UNFINISHED],
    )  # fmt: skip


def rejected_in(path: Path, format_: FoldedFormat, up_to: int) -> Iterator[Rejected]:
    """Yield the rejected ones of the file's first `up_to` lines, each with its first line's number."""
    with contextlib.suppress(EOFError):
        for record in records_in(path, format_):
            if record.line > up_to:
                return
            if record.kind is Kind.REJECTED:
                yield Rejected(record.line, record.reason, shown(record.text))
