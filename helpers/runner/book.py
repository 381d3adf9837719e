"""The executed notebook while it grows: each cell's true status, and saves that cost little.

Stock papermill writes the whole notebook 2N + 2 times, and calls every cell "completed" after a time-out or a dead kernel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from helpers.runner.stored import stored_copy

__all__ = ["Book"]

SAVE_EVERY_S = 2.0
SAVE_SHARE = 0.05  # saves may take this share of the time at most
Sink = Callable[[Any], None]


class Book:
    """A notebook being executed; `sink` writes a redacted copy, seldom, and at the end for certain."""

    def __init__(self, nb: Any, sink: Sink | None) -> None:
        self.nb = nb
        self._sink = sink
        self._next_save = 0.0
        self._started = datetime.now(UTC)
        nb.metadata.papermill.update(start_time=self._started.isoformat(), end_time=None, duration=None, exception=None)
        for cell in nb.cells:
            cell.metadata["papermill"] = {"status": "pending", "start_time": None, "end_time": None, "duration": None, "exception": None}
            if cell.cell_type == "code":
                cell.execution_count, cell.outputs = None, []

    def begin(self, index: int) -> None:
        """Note that a cell runs."""
        self._note(index, status="running", start_time=datetime.now(UTC).isoformat(), exception=False)

    def end(self, index: int, *, failed: bool = False) -> None:
        """Note how a cell ended; a cell that never began is left pending by not calling this."""
        state = self.nb.cells[index].metadata["papermill"]
        now = datetime.now(UTC)
        began = datetime.fromisoformat(state["start_time"]) if state["start_time"] else now
        status = "failed" if failed else "completed"
        self._note(index, status=status, end_time=now.isoformat(), duration=(now - began).total_seconds(), exception=failed)
        if failed:
            self.nb.metadata.papermill["exception"] = True

    def _note(self, index: int, **state: Any) -> None:
        self.nb.cells[index].metadata["papermill"].update(state)

    def save_soon(self) -> None:
        """Save unless that was done just now."""
        if time.monotonic() >= self._next_save:
            self.save()

    def save(self, kept: Any = None) -> None:
        """Write the notebook as it stands, redacted; `kept` where such a copy is there already."""
        if self._sink is None:
            return
        before = time.monotonic()
        self._sink(stored_copy(self.nb) if kept is None else kept)
        after = time.monotonic()
        self._next_save = after + max(SAVE_EVERY_S, (after - before) / SAVE_SHARE)

    def close(self) -> None:
        """Note the end of the run, redact the notebook in place, and save."""
        now = datetime.now(UTC)
        self.nb.metadata.papermill.update(end_time=now.isoformat(), duration=(now - self._started).total_seconds())
        kept = stored_copy(self.nb)
        self.nb.cells, self.nb.metadata = kept.cells, kept.metadata
        self.save(kept)
