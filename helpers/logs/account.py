"""Where every line of a file went: parsed + rejected + blank + unfinished tail = physical lines, exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.errors import RunbookError
from helpers.redaction import redact

__all__ = ["FileAccount", "Rejected", "reason_of", "shown"]

SHOWN = 400  # characters of a rejected line


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that could not be read: its number in the file, why, and its text, redacted and cut."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class FileAccount:
    """One file's lines; `mismatched` counts, by column, fields that were there and did not convert (they are NULL).

    Where an entry spans lines, each of them is `parsed`; `continued` is how many of those only continue an entry.
    """

    path: Path
    format: str
    compression: str
    lines: int
    parsed: int
    rejected: int
    blank: int
    unfinished: int
    truncated: bool = False
    mismatched: Mapping[str, int] = field(default_factory=dict)
    continued: int = 0

    def __post_init__(self) -> None:
        total = self.parsed + self.rejected + self.blank + self.unfinished
        if total != self.lines or self.rejected < 0:
            raise RunbookError(
                f"{self.path.name}: {total} lines are accounted for, {self.lines} are there.", remedy="This is a bug: report it."
            )

    @property
    def entries(self) -> int:
        """How many entries its parsed lines are."""
        return self.parsed - self.continued

    @property
    def summary(self) -> str:
        """One sentence."""
        said = [f"{self.lines:,} lines: {self.parsed:,} parsed"]
        said += [f"which are {self.entries:,} entries"] if self.continued else []
        said += [f"{count:,} {name}" for name, count in (("rejected", self.rejected), ("blank", self.blank)) if count]
        said += (
            ["the last one unfinished" if self.unfinished == 1 else f"the last {self.unfinished:,} unfinished"] if self.unfinished else []
        )
        said += ["cut in the middle: the archive is incomplete"] if self.truncated else []
        said += [f"{count:,} × {name} not convertible" for name, count in self.mismatched.items()]
        return f"{self.path.name} ({self.format}): " + ", ".join(said) + "."


def shown(line: bytes) -> str:
    """Return a line's text as a report shows it: redacted, then cut."""
    return redact(line[: SHOWN * 4].rstrip(b"\r\n").decode(errors="backslashreplace"))[:SHOWN]


def reason_of(line: bytes, *, as_json: bool) -> str:
    """Return why a line could not be read."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    if not as_json:
        return "does not have the format's shape"
    try:
        found = json.loads(text)
    except ValueError as error:
        said = str(error)
        if said.startswith("Extra data"):
            return "more than one JSON value on the line"
        return f"not JSON: {said}"
    except RecursionError:
        return "JSON nested too deeply"
    return "a JSON value that is no object" if not isinstance(found, dict) else "an object without any field of the format"
