"""What a batch tells while it runs: one event for whoever shows it, as a line, a table or JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from helpers.runner.batches.schema import Job
from helpers.runner.executor import Outcome

__all__ = ["BatchEvent", "OnBatchEvent"]


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """One thing that happened: `text` says it in a line, `done` of `total` runs have finished.

    `begun` (once; earlier finishes are in `done`), `started`, `attempted`, `stopped` and `finished` (of `job`), `left` (the process ends
    now), `said` (anything else).
    """

    kind: Literal["begun", "started", "attempted", "stopped", "finished", "left", "said"]
    text: str
    done: int
    total: int
    job: Job | None = None
    outcome: Outcome | None = None


OnBatchEvent = Callable[[BatchEvent], None]
