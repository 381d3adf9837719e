"""The formats there are, found by folder; each file offers FORMAT."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

from helpers.logs.format import Format, LineFormat, text

__all__ = ["NOTHING", "formats", "recognise"]

ENOUGH = 0.2  # a file with one good line in five is of that format, and dirty
NOTHING = LineFormat("empty", columns={"body": text("line")}, pattern=r"(?P<line>\S.*)")
"""Of a file without any line that is not blank: a log that was rotated just now, an archive that was cut at its head."""


@cache
def formats() -> dict[str, Format]:
    """Return name → format."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return {name: import_module(f"{__name__}.{name}").FORMAT for name in names}


def recognise(lines: Sequence[bytes], *, extra: Sequence[Format] = ()) -> Format | None:
    """Return the format that fits most of `lines`, the more particular of equals; None when none fits one line in five.

    Args:
        lines: A sample of lines that are not blank.
        extra: Formats of the user's own, which win over equals.

    """
    scored = [(one.score(lines), -i, one) for i, one in enumerate([*extra, *formats().values()])]
    best = max(scored, key=lambda entry: entry[:2], default=None)
    return best[2] if best is not None and best[0] >= ENOUGH else None
