"""A folder that is not whole still has a readable report, which says what is missing."""

import json
import shutil
from pathlib import Path

import pytest

from helpers import redaction
from helpers.errors import UsageError
from helpers.report import render
from helpers.report.fakes import write_incident

from .conftest import Page

FORMATS = ("html", "md", "pdf")


def shown(folder):
    """The text of the HTML report; the other formats must be made as well."""
    assert [bool(render(folder, to)) for to in FORMATS] == [True] * 3
    return Page(render(folder, "html").decode()).text


def test_without_incident_json_the_evidence_tells(incident):
    """A run that was killed has evidence only: the same cause, and the reason."""
    folder = incident()
    (folder / "incident.json").unlink()
    text = shown(folder)
    assert ("incident.json is missing" in text, "No index of orders serves customer_id" in text) == (True, True)


@pytest.mark.parametrize("content", [b"", b'{"schema": "run', b"[]", b'{"schema": "other/1"}', b"\xff\xfe"])
def test_an_unreadable_incident_json_is_told_from_the_evidence(incident, content):
    """Torn, empty or of another schema: it is said, and the report is whole."""
    folder = incident()
    (folder / "incident.json").write_bytes(content)
    text = shown(folder)
    assert ("incident.json cannot be read" in text, "resolved" in text) == (True, True)


def test_without_evidence_the_summary_is_shown(incident):
    """incident.json alone gives the verdict, the fix and the verification."""
    folder = incident()
    (folder / "evidence.jsonl").unlink()
    text = shown(folder)
    assert ("evidence.jsonl is missing" in text, "CREATE INDEX CONCURRENTLY" in text, "The evidence holds no event." in text) == (True,) * 3


def test_a_torn_last_line_is_left_out_and_said(incident):
    """A crash in the middle of a write."""
    folder = incident()
    path = folder / "evidence.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert "is torn: it is left out" in shown(folder)


def test_a_broken_line_ends_what_is_shown(incident):
    """What stands before it is shown; the audit says what does not hold."""
    folder = incident()
    lines = (folder / "evidence.jsonl").read_bytes().split(b"\n")
    lines[8] = b"garbage"
    (folder / "evidence.jsonl").write_bytes(b"\n".join(lines))
    text = shown(folder)
    assert ("line 9 is not a record" in text, "this did not hold" in text) == (True, True)


def test_a_record_without_its_fields_is_no_traceback(incident):
    """A record whose content was taken away."""
    folder = incident()
    (folder / "incident.json").unlink()
    lines = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
    (folder / "evidence.jsonl").write_text("".join(json.dumps(line | {"data": {}}) + "\n" for line in lines))
    assert "The evidence does not add up" in shown(folder)


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_samples_that_cannot_be_read_leave_the_numbers(incident, damage):
    """The picture is left out and it is said; the statistics come from the record."""
    folder = incident()
    for path in (folder / "evidence").iterdir():
        path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:100])
    text = shown(folder)
    assert ("The samples of record" in text, "919.8" in text, "<svg" in render(folder, "html").decode()) == (True, True, False)


def test_an_empty_folder_is_said_to_be_empty(tmp_path):
    """Neither evidence nor summary: both are named."""
    text = shown(tmp_path)
    assert ("incident.json is missing" in text, "evidence.jsonl is missing" in text) == (True, True)


def test_what_is_no_folder_is_refused(tmp_path):
    """A wrong path is a wrong call, not a report."""
    with pytest.raises(UsageError, match="not an incident's folder"):
        render(tmp_path / "nothing", "html")


def test_an_unknown_format_is_refused(incident):
    """The known formats are named."""
    with pytest.raises(UsageError, match="html, md or pdf"):
        render(incident(), "docx")


def test_a_folder_that_was_moved_is_reported_on(incident, tmp_path):
    """Nothing in an incident rests on where it lies, blanks in its path included."""
    folder = incident()
    before = render(folder, "html")
    moved = shutil.move(folder, tmp_path / "a folder of mine")
    assert render(Path(moved), "html") == before


@pytest.mark.parametrize("to", FORMATS)
def test_a_secret_learnt_after_the_run_is_masked(tmp_path, monkeypatch, to):
    """A secret that the evidence holds from a run that did not know it stands in no report."""
    secret = "canary-7*|<&_x"
    folder = write_incident(tmp_path / "20260703T031209Z-missing_index-4e1f", foreign=secret)
    monkeypatch.setattr(redaction, "_secrets", {})
    redaction.add_secret(secret)
    assert ("canary" in str(render(folder, to)), redaction.find_secret(render(folder, to))) == (False, None)
