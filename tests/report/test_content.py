"""What a report says: the fix and its undo, the pull request, steps that were not reached."""

import re

import pytest

from helpers.incident.evidence import EvidenceLog
from helpers.report import render

from .conftest import Page, flat

STATEMENT = 'CREATE INDEX CONCURRENTLY "orders_customer_id_idx" ON orders (customer_id);'


def markdown(folder):
    return render(folder, "md").decode()


def section(text, title):
    """The Markdown of one section."""
    return re.split(r"^## ", text.partition(f"\n## {title}")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_fix_is_shown_exactly_with_its_undo(incident):
    """Statement, inverse statement and the command that undoes it, each fit to be copied."""
    fix = section(markdown(incident()), "The fix")
    assert [STATEMENT in fix, "DROP INDEX CONCURRENTLY" in fix, "runbook undo 20260703T031209Z-missing_index-4e1f" in fix] == [True] * 3


def test_a_fix_without_inverse_says_so(incident):
    """Ending a session cannot be taken back, in plain words."""
    assert "There is no inverse" in section(markdown(incident("resolved", "lock_contention")), "The fix")


def test_a_dry_run_says_that_nothing_was_applied(incident):
    """A previewed fix reads as previewed."""
    assert "previewed, not applied" in section(markdown(incident("cause_found")), "The fix")


def test_an_undone_fix_says_why(incident):
    """The verification did not pass, so the change is gone."""
    assert "is undone" in section(markdown(incident("not_resolved")), "The fix")


def test_the_verification_has_its_numbers_and_its_method(incident):
    """Decision, ratio with interval, p, samples, method."""
    text = section(markdown(incident()), "Verification")
    assert [word in text for word in ("improved", "times lower", "95 % interval", "Mann-Whitney", "bootstrap")] == [True] * 5


def test_an_index_belongs_in_a_pull_request(incident):
    """Branch, commit line, migration and a checklist made for indexes."""
    text = section(markdown(incident("cause_found")), "Pull request").replace("\\", "")
    commit = re.search(r"fix: [^\n]*", text)[0]
    found = [
        "fix/create-an-index-for-orders-customer-id" in text,
        len(commit) <= 60,
        STATEMENT in text,
        "- [ ] The migration runs outside" in text,
    ]
    assert found == [True] * 4


def test_ending_a_session_is_no_pull_request(incident):
    """A fix that is not code has no pull request."""
    assert "## Pull request" not in markdown(incident("resolved", "lock_contention"))


@pytest.mark.parametrize("verdict", ["healthy", "unreachable", "other_cause"])
def test_a_step_not_reached_says_why(incident, verdict):
    """No step is silent about why it did not happen."""
    steps = section(markdown(incident(verdict)), "The six steps")
    conditions = re.findall(r"^### (\d)[^\n]*\n\n([^\n]+)", steps, re.MULTILINE)
    assert [number for number, said in conditions if len(said) > 20] == list("123456")


def test_the_lock_tree_has_its_head_first(incident):
    """The idle transaction stands at the root, its victims below it."""
    text = markdown(incident("cause_found", "lock_contention"))
    tree = re.search(r"```text\n(pid.*?)\n```", text, re.DOTALL)[1].splitlines()
    assert (tree[0].startswith("pid 4711 · billing-worker (head of the queue)"), tree[1].startswith("├─ pid 4712")) == (True, True)


def test_rows_not_shown_are_counted(incident):
    """Ten of 24 rows are shown; the parquet file has all."""
    text = Page(render(incident("cause_found", "lock_contention"), "html").decode()).text
    assert re.search(r"14 more rows in evidence/\d{4}-lock_tree\.parquet\.", text)


def test_what_is_the_same_in_every_row_is_said_once(incident):
    """A column of one value is a sentence, not a column."""
    assert "The same in each of the first 20 rows: " in flat(markdown(incident("cause_found", "lock_contention")))


def test_the_picture_has_words(incident):
    """Title and description of the picture say what it shows."""
    html = render(incident(), "html").decode()
    described = re.search(r"<title id=\"picture-1-t\">(.*?)</title><desc id=\"picture-1-d\">(.*?)</desc>", html)
    assert ("before and after" in described[1], "p95" in described[2], 'aria-labelledby="picture-1-t picture-1-d"' in html) == (True,) * 3


def test_a_check_asked_as_a_guard_stands_with_its_step(incident):
    """A guard's answer after the fix is evidence of the verification, not of the investigation."""
    folder = incident()
    log = EvidenceLog(folder)
    log.append(
        "checked", "investigate", {"check": "invalid_indexes", "title": "Asked again", "system": "postgres", "status": "OK", "summary": "x"}
    )
    log.append("guard", "verify", {"guard": "invalid_indexes", "round": "after", "status": "OK", "summary": "x"})
    text = markdown(folder)
    assert text.index("### 5") < text.index("Asked again") < text.index("### 6")
