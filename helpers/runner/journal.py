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

__all__ = ["JOURNAL", "Journal", "Past", "read_journal"]

JOURNAL = "journal.jsonl"


@dataclass
class Past:
    """What a journal tells.

    `hash`, `fingerprints` and `runbooks` are of the plan as it was started; `finished` is each finished run's line, `started` the
    incidents of those that only started, `attempts` how often a run was to be tried again, by (name, why).
    """

    hash: str = ""
    fingerprints: dict[str, str] = field(default_factory=dict)
    runbooks: dict[str, str] = field(default_factory=dict)
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    attempts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, record: dict[str, Any]) -> None:
        """Take one line in."""
        run = record.get("run", "")
        match record["event"]:
            case "planned":
                self.hash, self.fingerprints, self.runbooks = record["hash"], record["runs"], record["runbooks"]
            case "started":
                self.started[run] = record["folder"]
            case "attempted":
                self.attempts[run, record["why"]] = self.attempts.get((run, record["why"]), 0) + 1
                self.started.pop(run, None)
            case "stopped" | "recovered":
                self.started.pop(run, None)
            case "finished":
                self.finished[run] = record
                self.started.pop(run, None)


class Journal:
    """One batch's journal, held by one process at a time.

    Raises:
        PlanError: another process holds it.

    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise PlanError([f"The batch {folder.name} is running in another process."], remedy="Wait for it, or stop it.") from None
        self._drop_torn_tail(folder / JOURNAL)

    def _drop_torn_tail(self, path: Path) -> None:
        """A crash in the middle of a write leaves a line without its end: it never happened."""
        self._whole = path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(self._file, self._whole)

    def append(self, event: str, **data: Any) -> None:
        """Write one line, redacted, and wait for the disk; `folder` stays as it is, for it has to be found again.

        Raises:
            OSError: it could not be written (a full disk); what was written of it is taken back, so that the journal stays whole.

        """
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **redact_value(data)}
        line |= {"folder": data["folder"]} if "folder" in data else {}
        left = json.dumps(line, ensure_ascii=True).encode() + b"\n"
        length = len(left)
        try:
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._whole)
            raise
        self._whole += length

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)


def read_journal(folder: Path) -> Past:
    """Return what the journal of a batch folder tells; a torn last line is left out.

    Raises:
        PlanError: a line in the middle is not one of a journal's.

    """
    past = Past()
    path = folder / JOURNAL
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1] if path.is_file() else [], start=1):
        try:
            past.add(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise PlanError([f"{path}:{number}: this is no line of a journal."], remedy="Start the batch anew, without --resume.") from None
    return past
