"""What people read of a triage."""

from helpers.cli.triaging import _tell
from helpers.results import Status
from helpers.triage.board import _conclusion
from helpers.triage.finding import LATE, Finding, State
from helpers.triage.ranking import rank
from helpers.triage.view import Board

FINDINGS = [
    Finding("lock_contention", "postgres", "Locks", State.CAUSE, "It blocks.", subject="pid 7", because=("5 wait",), against=("it moves",)),
    Finding("missing_index", "postgres", "Index", State.OTHER, "It waits.", other="lock_contention"),
    Finding("hot_key", "redis", "Hot", State.SOUND, "Nothing is hot."),
    Finding("stale_route", "platform", "Old", State.UNASKED, "It has to be told field."),
]


def board(findings=FINDINGS):
    return Board(rank(findings, "shop"), findings, "None of 7 GET requests failed.", 3.0)


def test_the_first_row_is_said_first_with_its_evidence_and_the_command():
    """Then what follows from it, what shows no sign, and what was not asked with the reason."""
    said = board()
    assert said.said == "First: lock_contention (pid 7); 1 runbooks see nothing of theirs, 1 could not be asked."
    assert said.lines() == [
        " 1 lock_contention · pid 7 [cause]",
        "     It blocks.",
        "     + 5 wait",
        "     + missing_index names it: It waits.",
        "     − it moves",
        "     → runbook run lock_contention --profile shop",
        "   ↳ missing_index: its symptom follows from this",
        "No sign of: hot_key",
        "Not asked: stale_route: It has to be told field.",
    ]


def test_a_clean_system_is_said_to_be_clean_with_what_was_checked():
    """And nothing asked is not clean."""
    assert board(FINDINGS[2:]).said == "Nothing is found to be wrong; 1 runbooks see nothing of theirs, 1 could not be asked."
    assert board(FINDINGS[3:]).said.startswith("Nothing could be asked")


def test_what_nobody_feels_yet_is_told_and_is_neither_clean_nor_an_alarm():
    """A number beyond its limit, undecided; beside a cause it is not counted."""
    left = Finding("cache_stampede", "redis", "Stampede", State.OPEN, "They expire in 20 s.")
    fine = board([*FINDINGS[2:], left])
    assert fine.said.startswith("No symptom that users feel is found; open: cache_stampede; 1 runbooks see nothing of theirs")
    assert (fine.wrong, _conclusion(fine).status, fine.lines()[0]) == ([], Status.UNKNOWN, " 1 cache_stampede [open]")
    assert board([*FINDINGS, left]).said == board().said


def test_every_state_has_a_line_in_the_terminal(capsys):
    """One for each runbook as it answers."""
    for state in State:
        _tell(Finding("deadlocks", "postgres", "Deadlocks", state, "So."))
    assert len(set(capsys.readouterr().err.splitlines())) == len(State)


def test_what_had_no_time_is_not_called_clean():
    """And what to do about it is said."""
    late = board([*FINDINGS[2:3], Finding("deadlocks", "postgres", "Deadlocks", State.UNASKED, LATE)])
    assert late.said.endswith("1 could not be asked, 1 of them for want of time (look longer with --budget).")
    assert [finding.runbook for finding in late.late] == ["deadlocks"]


def test_what_a_system_did_not_answer_is_not_called_clean():
    """The others may see nothing of theirs all the same."""
    lost = board([*FINDINGS[2:3], Finding("deadlocks", "postgres", "Deadlocks", State.UNASKED, "It is gone.", lost=True)])
    assert (lost.said.endswith("1 had no answer from a system."), _conclusion(lost).status) == (True, Status.UNKNOWN)


def test_foreign_text_is_text_in_a_notebook():
    """A subject may be anything."""
    page = board([Finding("a", "x", "A", State.CAUSE, "s", subject="<script>alert(1)</script>")])._repr_html_()
    assert ("<script>" in page, "&lt;script&gt;" in page) == (False, True)


def test_json_holds_the_ranking_and_every_finding():
    """For whoever goes on from here by program."""
    said = board().to_json()
    assert ([row["runbook"] for row in said["ranked"]], len(said["findings"]), said["took_s"]) == (
        ["lock_contention", "missing_index"],
        4,
        3.0,
    )
