"""What a triage read a moment ago is handed to the runbook it named: logs and code are not read a second time.

Servers are asked anew, for their state moves on. An answer is taken from evidence whose chain holds, to the same question with the same
arguments, with every row in it and nothing masked.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.errors import EvidenceBroken
from helpers.incident.evidence import EVIDENCE, Record, audit, plain, read_evidence
from helpers.redaction import MASK
from helpers.results import CheckResult, Status, row_dict

__all__ = ["HANDED_VARIABLE", "WALKS", "Handed", "HandedAnswer"]

HANDED_VARIABLE = "RUNBOOK_HANDED"  # the folder of a triage's walk, set by `runbook run --from`
WALKS = "walks"  # within a triage's folder, one folder for each runbook
SYSTEMS = ("logs", "code")
FRESH_S = 300.0  # as long as it takes to read a ranking and to type the command below it


@dataclass(frozen=True, slots=True)
class HandedAnswer:
    """A check's answer, when it was read (ISO, UTC) and by which incident."""

    result: CheckResult[Any]
    at: str
    by: str


class Handed:
    """The answers in the evidence of a walk; none where its chain is broken, or it looked at another profile."""

    def __init__(self, folder: Path, profile: str) -> None:
        self._by = f"{folder.parents[1].name}/{folder.name}" if len(folder.parents) > 1 else folder.name
        self._records = _records(folder, profile)

    def find(self, check: Callable[..., Any], system: str, arguments: Mapping[str, Any]) -> HandedAnswer | None:
        """Return the newest answer that may stand for asking again, None where there is none."""
        if system not in SYSTEMS:
            return None
        for record in reversed(self._records):
            data = record.data
            if data.get("check") == check.__name__ and data.get("arguments") == plain(dict(arguments)) and _is_fresh(record.at):
                result = _result(check, data)
                return HandedAnswer(result, record.at, self._by) if result is not None else None
        return None


def _records(folder: Path, profile: str) -> list[Record]:
    try:
        records = list(read_evidence(folder))
    except (OSError, EvidenceBroken):
        return []
    broken = [problem for problem in audit(folder) if problem.startswith(("record", EVIDENCE))]
    opened = next((record.data for record in records if record.kind == "opened"), {})
    return [] if broken or opened.get("profile") != profile else [record for record in records if record.kind == "checked"]


def _is_fresh(at: str) -> bool:
    return (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds() < FRESH_S


def _result(check: Callable[..., Any], data: Mapping[str, Any]) -> CheckResult[Any] | None:
    """Return the answer with its typed rows; None where the evidence holds less than the answer did."""
    row = next(iter(typing.get_args(typing.get_type_hints(check).get("return"))), None)
    whole = data["status"] in (Status.OK, Status.PROBLEM) and data["n_rows"] == len(data["rows"]) and MASK not in str(data)
    if row is None or not whole:
        return None
    from pydantic import TypeAdapter, ValidationError

    try:
        rows = TypeAdapter(list[row]).validate_python(data["rows"])  # type: ignore[valid-type]
    except ValidationError:
        return None
    if [plain(row_dict(one)) for one in rows] != data["rows"]:  # a type that does not survive being written down
        return None
    return CheckResult(Status(data["status"]), rows, data["summary"], data["reason"], data["remedy"], dict(data["facts"]))
