"""Progress: one plain line per thing, or a block on a terminal; foreign text is shown as text."""

import io

from helpers.runner.events import Event
from helpers.runner.progress import Progress

STARTED = Event("started", "incidents/x", {"runbook": "toy", "profile": "empty", "apply": False})


def step(name: str, summary: str, status: str = "done") -> Event:
    return Event("evidence", data={"kind": "step", "step": name, "data": {"status": status, "summary": summary}})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_tell_each_step_once() -> None:
    """No redraw where nobody can redraw."""
    stream = io.StringIO()
    with Progress(stream) as progress:
        for event in (STARTED, step("reproduce", "It is slow."), Event("finished", "All well.", {"verdict": "healthy", "exit_code": 0})):
            progress(event)
    assert [line[11:] for line in stream.getvalue().splitlines()] == [
        "toy on empty (dry run) → incidents/x",
        "✓ reproduce: It is slow.",
        "healthy (exit 0): All well.",
    ]


def test_a_hostile_summary_cannot_drive_the_terminal() -> None:
    """Escape sequences are shown, a password is not, rich markup stays text."""
    stream = io.StringIO()
    Progress(stream)(step("isolate", "\x1b[2J[bold]x[/bold] password=hunter2"))
    assert stream.getvalue()[11:] == "✓ isolate: \\x1b[2J[bold]x[/bold] password=•••\n"


def test_the_terminal_block_shows_steps_and_what_runs() -> None:
    """All six steps, the finished one with its sentence, and the heading of the running cell."""
    stream = Terminal()
    with Progress(stream) as progress:
        for event in (
            STARTED,
            step("reproduce", "It is slow."),
            Event("cell", "The time is spent in one statement", {"index": 5, "total": 9}),
        ):
            progress(event)
    shown = stream.getvalue()
    wanted = ["✓ reproduce   It is slow.", "· verify", "▸ The time is spent in one statement"]
    assert [text for text in wanted if text not in shown] == []
