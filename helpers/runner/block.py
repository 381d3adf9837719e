"""Progress on stderr: a block that redraws itself on a terminal, elsewhere one plain line per thing that happened."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from helpers.escaping import visible
from helpers.redaction import redact

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["Block", "clean"]


class Block(AbstractContextManager["Block"]):
    """What draws itself (`__rich_console__`) while it is entered. `stream` is stderr unless a test says otherwise."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.began = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.stream.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(file=self.stream)
            self._live = Live(self, console=console, refresh_per_second=4, redirect_stdout=False, redirect_stderr=False)  # type: ignore[arg-type]
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Leave the terminal to others; the block stays as it is."""
        if self._live is not None:
            self._live.stop()

    def line(self, text: str) -> None:
        """Write a line, with the seconds since the beginning, where there is no block."""
        if self._live is None:
            self.stream.write(f"{time.monotonic() - self.began:7.1f} s  {text}\n")
            self.stream.flush()


def clean(text: str) -> str:
    """Return foreign text as one line that may be shown."""
    return visible(redact(" ".join(text.split())), limit=300)
