"""What a triage read is handed over: logs and code, whole, unmasked, of this profile, a moment ago."""

import json
from dataclasses import dataclass
from datetime import datetime

import pytest

from helpers.incident import handing
from helpers.incident.evidence import EvidenceLog
from helpers.incident.handing import Handed
from helpers.logs.connect import LogFiles
from helpers.postgres.connect import Postgres
from helpers.results import CheckResult


@dataclass(frozen=True, slots=True)
class Hit:
    """A row."""

    route: str
    at: datetime
    share: float | None


async def who(logs: LogFiles, *, since: str = "") -> CheckResult[Hit]:
    """Whoever it was."""
    raise AssertionError("it was asked again")


async def locks(pg: Postgres, *, since: str = "") -> CheckResult[Hit]:
    """A server's state."""
    raise AssertionError("it was asked again")


ROW = {"route": "GET /a", "at": "2026-03-03T08:00:00+00:00", "share": 0.5}
DATA = {"check": "who", "system": "logs", "title": "t", "arguments": {"since": "5m"}, "status": "PROBLEM", "summary": "s", "facts": {"n": 2},
        "reason": "", "remedy": "", "rows": [ROW], "n_rows": 1}  # fmt: skip


def walked(folder, profile="shop", **more):
    """The folder of a walk that asked once."""
    folder.mkdir(parents=True)
    log = EvidenceLog(folder)
    log.append("opened", "open", {"runbook": "r", "profile": profile})
    log.append("checked", "investigate", {**DATA, **more})
    return folder


def test_the_same_question_is_answered_with_its_typed_rows(tmp_path):
    """By whom and when it was read is known."""
    found = Handed(walked(tmp_path / "T" / "walks" / "r"), "shop").find(who, "logs", {"since": "5m"})
    assert found.result.rows == [Hit("GET /a", datetime.fromisoformat(ROW["at"]), 0.5)]
    assert (found.result.status, found.result.facts, found.by) == ("PROBLEM", {"n": 2}, "T/r")


@pytest.mark.parametrize(
    "more",
    [
        {"arguments": {"since": "2h"}},
        {"status": "UNKNOWN"},
        {"n_rows": 30},
        {"rows": [{**ROW, "route": "GET /•••"}]},
        {"rows": [{**ROW, "share": "much"}]},
        {"rows": [{**ROW, "at": "yesterday"}]},
        {"profile": "other"},
        {"arguments": {"since": "record 3"}},
    ],
    ids=str,
)
def test_anything_else_is_asked_again(tmp_path, more):
    """Other arguments, no answer, not all rows, something masked, a type that is lost, another profile."""
    assert Handed(walked(tmp_path / "r", **more), "shop").find(who, "logs", {"since": "5m"}) is None


def test_a_server_is_always_asked_anew(tmp_path):
    """Its state moves on."""
    folder = walked(tmp_path / "r", check="locks", system="postgres")
    assert Handed(folder, "shop").find(locks, "postgres", {"since": "5m"}) is None


def test_an_old_answer_is_none(tmp_path, monkeypatch):
    """After five minutes it is read again."""
    monkeypatch.setattr(handing, "FRESH_S", 0.0)
    assert Handed(walked(tmp_path / "r"), "shop").find(who, "logs", {"since": "5m"}) is None


def test_evidence_that_was_changed_hands_over_nothing(tmp_path):
    """Nor does a folder without any."""
    folder = walked(tmp_path / "r")
    path = folder / "evidence.jsonl"
    path.write_text(path.read_text().replace("GET /a", "GET /b"))
    assert Handed(folder, "shop").find(who, "logs", {"since": "5m"}) is None
    assert Handed(tmp_path / "none", "shop").find(who, "logs", {"since": "5m"}) is None
    assert json.loads(path.read_text().splitlines()[1])["data"]["rows"][0]["route"] == "GET /b"
