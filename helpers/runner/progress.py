"""Live progress on stderr: the six steps as they finish, and what runs right now.

On a terminal a block that redraws itself; elsewhere one plain line per thing that happened.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TextIO

from helpers.runner.block import Block, clean
from helpers.runner.events import Event

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["Progress"]

STEPS = ("reproduce", "isolate", "investigate", "fix", "verify", "document")
_MARKS = {"done": "✓", "skipped": "–", "unknown": "?", "failed": "✗"}
_STYLES = {"done": "green", "skipped": "dim", "unknown": "yellow", "failed": "red"}


class Progress(Block):
    """An `on_event` callable; enter it around the run."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.steps: dict[str, tuple[str, str]] = {}
        self.now = "starting"
        self.detail = ""
        self.title = ""
        self._since = self.began

    def __call__(self, event: Event) -> None:
        """Take one event in, and show it."""
        line = getattr(self, f"_{event.kind}")(event)
        if line:
            self.line(clean(line))

    def _started(self, event: Event) -> str:
        profile, mode = event.data.get("profile"), "with --apply" if event.data.get("apply") else "dry run"
        self.title = f"{event.data['runbook']}{f' on {profile}' if profile else ''} ({mode})"
        return f"{self.title} → {event.text}"

    def _cell(self, event: Event) -> str:
        self._turn(event.text or "running")
        return ""

    def _turn(self, what: str) -> None:
        if what != self.now:
            self.now, self.detail, self._since = what, "", time.monotonic()

    def _evidence(self, event: Event) -> str:
        record = event.data
        if record.get("kind") == "step" and record.get("step") in STEPS:
            status, summary = record["data"].get("status", ""), record["data"].get("summary", "")
            self.steps[record["step"]] = (status, summary)
            return f"{_MARKS.get(status, ' ')} {record['step']}: {summary}"
        self.detail = _detail(record)
        return f"  {self.detail}" if self.detail else ""

    def _stopping(self, event: Event) -> str:
        self._turn(f"ending: {event.text}")
        return f"{event.text} Ending in order; once more to leave at once."

    def _recovering(self, event: Event) -> str:
        self._turn("closing the evidence, undoing what is not proven")
        return f"The run broke. {event.text} {self.now.capitalize()}."

    def _finished(self, event: Event) -> str:
        self._turn("")
        return f"{event.data['verdict']} (exit {event.data['exit_code']}): {event.text}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the block: title, the steps so far, what runs now and for how long."""
        from rich.text import Text

        yield Text(clean(self.title), style="bold")
        for name in STEPS:
            status, summary = self.steps.get(name, ("", ""))
            yield Text(f" {_MARKS.get(status, '·')} {name:<12}{clean(summary)}", style=_STYLES.get(status, "dim"), overflow="ellipsis")
        if self.now:
            yield Text(clean(f" ▸ {self.now} {self.detail}  {time.monotonic() - self._since:.0f} s"), style="cyan", overflow="ellipsis")


def _detail(record: dict[str, Any]) -> str:
    """One line about a record that is not a step's end."""
    data = record.get("data", {})
    match record.get("kind"):
        case "pinged":
            return f"{data['system']}: {data['answer']}"
        case "checked":
            return f"{data['check']}: {data['status']} {data.get('summary') or data.get('reason', '')}"
        case "measured":
            return f"measured {data['probe']}, {data['round']}"
        case "fix_applied":
            return f"applied: {data['read_back']}"
        case "note":
            return str(data["text"])
        case "undone":
            return f"undone: {data['reason']}"
        case "broken" | "fix_failed" | "fix_refused" | "undo_failed":
            return f"{record['kind'].replace('_', ' ')}: {data['reason']}"
    return ""
