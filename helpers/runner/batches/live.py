"""A batch's progress on stderr: a block that redraws itself on a terminal, elsewhere one plain line per thing that happened."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from helpers.escaping import visible
from helpers.redaction import redact
from helpers.runner.batches.results import KINDS, Kind, kind_of
from helpers.runner.batches.telling import BatchEvent

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live
    from rich.table import Table

__all__ = ["BatchProgress"]

SHOWN = 8  # running or just finished runs in the block: it has to fit a small terminal
_MARKS: dict[Kind, str] = {"found": "●", "broken": "✗", "doubt": "?", "good": "✓"}
_STYLES: dict[Kind, str] = {"found": "red", "broken": "magenta", "doubt": "yellow", "good": "green"}


class BatchProgress(AbstractContextManager["BatchProgress"]):
    """An `on_event` callable of a batch; enter it around it. `stream` is stderr unless a test says otherwise."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.title, self.note = "", ""
        self.done, self.total, self.at_first = 0, 0, 0
        self.running: dict[str, float] = {}
        self.verdicts: Counter[str] = Counter()
        self.last: list[tuple[str, Kind]] = []
        self._began = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> BatchProgress:
        if self.stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(self, console=Console(file=self.stream), refresh_per_second=4, redirect_stdout=False, redirect_stderr=False)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: BatchEvent) -> None:
        """Take one event in, and show it."""
        self.done, self.total = event.done, event.total
        name = event.job.name if event.job else ""
        match event.kind:
            case "begun":
                self.title, self.at_first = event.text, event.done
            case "started":
                self.running[name] = time.monotonic()
            case "said" | "left":
                self.note = event.text
            case _:
                self.running.pop(name, None)
        if event.kind == "finished" and event.outcome is not None:
            self.verdicts[event.outcome.verdict] += 1
            self.last = [*self.last, (event.text, kind_of(event.outcome.verdict))][-SHOWN // 2 :]
        if event.kind == "left" and self._live is not None:
            self._live.stop()  # gives the terminal back
        if self._live is None:
            self.stream.write(f"{time.monotonic() - self._began:7.1f} s  [{event.done}/{event.total}] {_clean(event.text)}\n")
            self.stream.flush()

    def left_s(self) -> float | None:
        """Return the seconds that are left if it goes on as it went; None while that cannot be told."""
        ended = self.done - self.at_first
        return (time.monotonic() - self._began) / ended * (self.total - self.done) if ended else None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the block: title and bar, the verdicts so far, what ended last, what runs."""
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        yield Text(_clean(self.title), style="bold")
        yield self._bar(ProgressBar(total=self.total or 1, completed=self.done, width=max(10, min(50, options.max_width - 40))))
        yield Text.assemble(*((f" {n} {verdict} ", _STYLES[kind_of(verdict)]) for verdict, n in self._ordered()))
        for text, kind in self.last:
            yield Text(f" {_MARKS[kind]} {_clean(text)}", style=_STYLES[kind], overflow="ellipsis", no_wrap=True)
        for name, since in list(self.running.items())[:SHOWN]:
            yield Text(f" ▸ {_clean(name)}  {time.monotonic() - since:.0f} s", style="cyan", overflow="ellipsis", no_wrap=True)
        if self.note:
            yield Text(f" {_clean(self.note)}", style="yellow", overflow="ellipsis", no_wrap=True)

    def _bar(self, bar: object) -> Table:
        from rich.table import Table

        left_s = self.left_s()
        eta = "" if left_s is None else f"about {_duration(left_s)} left"
        row = Table.grid(padding=(0, 2))
        row.add_row(bar, f"{self.done} done, {len(self.running)} running, {self.total - self.done - len(self.running)} waiting", eta)  # type: ignore[arg-type]
        return row

    def _ordered(self) -> list[tuple[str, int]]:
        return sorted(self.verdicts.items(), key=lambda pair: (KINDS.index(kind_of(pair[0])), pair[0]))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _clean(text: str) -> str:
    return visible(redact(" ".join(text.split())), limit=300)
