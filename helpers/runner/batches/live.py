"""A batch's progress on stderr: a block that redraws itself on a terminal, elsewhere one plain line per thing that happened."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, TextIO

from helpers.runner.batches.results import KINDS, Kind, kind_of
from helpers.runner.batches.telling import BatchEvent
from helpers.runner.block import Block, clean

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

__all__ = ["BatchProgress"]

SHOWN = 8  # running or just finished runs in the block: it has to fit a small terminal
_MARKS: dict[Kind, str] = {"found": "●", "broken": "✗", "doubt": "?", "good": "✓"}
_STYLES: dict[Kind, str] = {"found": "red", "broken": "magenta", "doubt": "yellow", "good": "green"}


class BatchProgress(Block):
    """An `on_event` callable of a batch; enter it around it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.title, self.note = "", ""
        self.done, self.total, self.at_first = 0, 0, 0
        self.running: dict[str, float] = {}
        self.verdicts: Counter[str] = Counter()
        self.last: list[tuple[str, Kind]] = []

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
        if event.kind == "left":
            self.give_back()
        self.line(f"[{event.done}/{event.total}] {clean(event.text)}")

    def left_s(self) -> float | None:
        """Return the seconds that are left if it goes on as it went; None while that cannot be told."""
        ended = self.done - self.at_first
        return (time.monotonic() - self.began) / ended * (self.total - self.done) if ended else None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the block: title and bar, the verdicts so far, what ended last, what runs."""
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        yield Text(clean(self.title), style="bold")
        yield self._bar(ProgressBar(total=self.total or 1, completed=self.done, width=max(10, min(50, options.max_width - 40))))
        yield Text.assemble(*((f" {n} {verdict} ", _STYLES[kind_of(verdict)]) for verdict, n in self._ordered()))
        for text, kind in self.last:
            yield Text(f" {_MARKS[kind]} {clean(text)}", style=_STYLES[kind], overflow="ellipsis", no_wrap=True)
        for name, since in list(self.running.items())[:SHOWN]:
            yield Text(f" ▸ {clean(name)}  {time.monotonic() - since:.0f} s", style="cyan", overflow="ellipsis", no_wrap=True)
        if self.note:
            yield Text(f" {clean(self.note)}", style="yellow", overflow="ellipsis", no_wrap=True)

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
