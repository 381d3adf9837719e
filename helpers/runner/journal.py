"""The append-only journal of a batch: what was planned, started and finished, on the disk before it is acted upon."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.errors import PlanError
from helpers.redaction import redact_value

__all__ = ["Journal", "Past", "read_journal"]

JOURNAL = "journal.jsonl"


@dataclass
class Past:
    """What a journal tells: the plan's hash, the runs that finished (name → its line), and the folders of those that only started."""

    hash: str = ""
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: dict[str, Path] = field(default_factory=dict)
    attempts: int = 0


class Journal:
    """One batch's journal, held by one process at a time.

    Raises:
        PlanError: another process holds it.

    """

    def __init__(self, folder: Path) -> None:
        path = folder / JOURNAL
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise PlanError([f"The batch {folder.name} is running in another process."], remedy="Wait for it, or stop it.") from None
        _drop_torn_tail(path)

    def append(self, event: str, **data: Any) -> None:
        """Write one line, redacted, and wait for the disk."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **redact_value(data)}
        self._file.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def _drop_torn_tail(path: Path) -> None:
    """A crash in the middle of a write leaves a line without its end: it never happened."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        os.truncate(path, data.rfind(b"\n") + 1)


def read_journal(folder: Path) -> Past:
    """Return what the journal of a batch folder tells; a torn last line is left out."""
    past = Past()
    path = folder / JOURNAL
    for line in path.read_bytes().split(b"\n")[:-1] if path.is_file() else []:
        record = json.loads(line)
        match record["event"]:
            case "planned":
                past.hash = record["hash"]
            case "started":
                past.started[record["run"]] = Path(record["folder"])
            case "finished":
                past.finished[record["run"]] = record
                past.started.pop(record["run"], None)
            case "opened":
                past.attempts += 1
    return past
