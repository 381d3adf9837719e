"""What an answer is worth."""

import json
import os

import pytest

from helpers.drill.auto import Played, played_before, summarised
from helpers.drill.game import changes_since
from helpers.drill.known import known_to_anybody
from helpers.drill.scoring import Answer, Score, score

LOCK = {"code": "lock_contention", "subject": "pid 7"}
INDEX = {"code": "missing_index", "subject": "orders(id)"}
ALIKE = {"code": "", "subject": ""}


@pytest.mark.parametrize(
    ("causes", "subjects", "took_s", "harm", "points"),
    [
        (["lock_contention"], {"lock_contention": "pid 7"}, 30.0, 0, 100),
        (["lock_contention"], {}, 30.0, 0, 75),
        (["lock_contention"], {"lock_contention": "pid 7"}, 480.0, 0, 88),
        (["lock_contention"], {"lock_contention": "pid 7"}, 3600.0, 0, 75),
        (["lock_contention"], {"lock_contention": "pid 7"}, 30.0, 1, 75),
        (["deadlocks", "lock_contention"], {}, 30.0, 0, 0),
        ([], {}, 5.0, 0, 0),
        ([], {}, 5.0, 3, 0),
    ],
)
def test_cause_subject_time_and_harm_count(causes, subjects, took_s, harm, points):
    """Half, a quarter, a quarter; a wrong change costs a quarter, and guessing fast is worth nothing."""
    assert score([ALIKE, LOCK], Answer(causes, subjects, took_s, harm)).points == points


def test_of_two_faults_both_are_wanted_in_either_order():
    """One of two is half of the cause's points and none of the time's."""
    both = score([LOCK, INDEX], Answer(["missing_index", "lock_contention"], {}, 30.0))
    one = score([LOCK, INDEX], Answer(["missing_index"], {}, 30.0))
    third = score([LOCK, INDEX], Answer(["missing_index", "deadlocks", "lock_contention"], {}, 30.0))
    assert [(s.is_first, s.is_near, s.points) for s in (both, one, third)] == [(True, True, 75), (False, False, 25), (False, True, 25)]
    assert third.said == "lock_contention (pid 7) was named in place 3; missing_index (orders(id)) was named."


def test_the_table_counts_by_difficulty():
    """Rounds that could not be played are not counted."""
    good = Score(100, True, True, 1, 1, 0, "")
    bad = Score(0, False, True, 0, 1, 0, "")
    played = [Played(n, "single", [], [], [], 10.0 + n, s) for n, s in enumerate([good, good, good, bad, None])]
    (row,) = summarised(played)
    assert (row["rounds"], row["first_pct"], row["near_pct"], row["subject_pct"], row["points"]) == (4, 75.0, 100.0, 75.0, 75.0)


def test_a_journal_that_was_cut_off_is_read_up_to_there(tmp_path):
    """A round that broke is played again."""
    journal = tmp_path / "drill.jsonl"
    rounds = [{"seed": 1, "difficulty": "single", "broken": ""}, {"seed": 2, "difficulty": "single", "broken": "no server"}]
    journal.write_text("\n".join(map(json.dumps, rounds)) + '\n{"seed": 3, "diff')
    assert list(played_before(journal)) == [(1, "single")]
    assert played_before(tmp_path / "none.jsonl") == {}


def test_clues_are_not_given_and_limits_are():
    """Which endpoint, key or table it is, is to be found out."""
    given = {"endpoint": "GET /x", "key": "k", "longest_idle_s": 2.0, "stop_gap": True, "credentials_a": "file:/t", "prefix": "p"}
    assert known_to_anybody(given) == {"longest_idle_s": 2.0, "stop_gap": True, "credentials_a": "file:/t"}


def test_changes_that_were_not_the_cure_are_harm(tmp_path):
    """Of another runbook, or not proven; those before the drill are not counted."""
    cases = [
        ("missing_index", True, "resolved", 0), ("missing_index", True, "not_resolved", 0), ("deadlocks", True, "resolved", 0),
        ("deadlocks", False, "cause_found", 0), ("deadlocks", True, "resolved", -100),
    ]  # fmt: skip
    for number, (runbook, applied, verdict, when) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "incident.json").write_text(json.dumps({"runbook": runbook, "verdict": verdict, "fix": {"applied": applied}}))
        os.utime(folder / "incident.json", (1000 + when, 1000 + when))
    assert changes_since(tmp_path, 990.0, {"missing_index"}) == 2
    old = {"endpoint": "GET /price", "field": "cents", "truth": "select 1"}
    assert known_to_anybody(old) == old  # whoever complains of an old value says which
    copy = {"pattern": "ff|{name}", "table": "switches", "fields": "=isOn"}
    assert [known_to_anybody(given) for given in (copy, {"table": "orders"})] == [copy, {}]
    assert known_to_anybody({"prefix": "sess:{id}", "ttl_s": 60.0}) == {"prefix": "sess:{id}", "ttl_s": 60.0}  # as it was meant
