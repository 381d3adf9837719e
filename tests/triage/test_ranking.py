"""The ranking: causes first, consequences under them, suspicions last."""

from helpers.triage.finding import Finding, State
from helpers.triage.ranking import command, rank


def found(runbook: str, state: State, **more) -> Finding:
    return Finding(runbook, "postgres", runbook, state, f"{runbook} is {state}.", **more)


def test_a_consequence_is_listed_under_its_cause():
    """The pool waits because of the lock: one rank, and it says from what it follows."""
    rows = rank(
        [
            found("pool_saturated", State.OTHER, other="lock_contention"),
            found("missing_ttl", State.SYMPTOM),
            found("lock_contention", State.CAUSE, subject="pid 7"),
        ],
        "shop",
    )
    assert [(r.rank, r.runbook, r.follows_from) for r in rows] == [
        (1, "lock_contention", ""),
        (1, "pool_saturated", "lock_contention"),
        (2, "missing_ttl", ""),
    ]
    assert rows[0].because == ["pool_saturated names it: pool_saturated is other."]


def test_two_faults_are_two_ranks_and_the_one_that_others_name_comes_first():
    """Each has its own evidence."""
    findings = [
        found("memory_full", State.CAUSE),
        found("deadlocks", State.CAUSE),
        found("missing_index", State.OTHER, other="deadlocks"),
        found("hot_key", State.SOUND),
    ]
    assert [(r.rank, r.runbook) for r in rank(findings, "shop")] == [(1, "deadlocks"), (1, "missing_index"), (2, "memory_full")]


def test_requests_that_fail_come_before_requests_that_wait():
    """Of symptoms without a cause; what nobody feels yet is last."""
    findings = [
        found("hot_key", State.OPEN, unit="per_s"),
        found("event_loop_blocked", State.SYMPTOM, unit="ms"),
        found("function_crash", State.SYMPTOM, unit="%"),
    ]
    assert [r.runbook for r in rank(findings, "shop")] == ["function_crash", "event_loop_blocked", "hot_key"]


def test_a_cause_that_something_speaks_against_comes_later():
    """Two runbooks see the same door open; one of them knows the code."""
    findings = [found("missing_auth", State.CAUSE, against=("It is not in the code.",)), found("unauthorised_route", State.CAUSE)]
    assert [(r.runbook, r.score) for r in rank(findings, "shop")] == [("unauthorised_route", 100), ("missing_auth", 99)]


def test_a_failure_mode_that_only_others_name_is_ranked_too():
    """Its own walk was not answered in time."""
    rows = rank([found("a", State.OTHER, other="b"), found("b", State.UNASKED)], "shop")
    assert [(r.runbook, r.state, r.summary, r.follows_from) for r in rows] == [
        ("b", "unasked", "a is other.", ""),
        ("a", "other", "a is other.", "b"),
    ]


def test_what_a_short_look_does_not_prove_comes_after_what_it_does():
    """A symptom without a cause comes last."""
    findings = [found("a", State.SYMPTOM), found("b", State.SUSPECTED), found("c", State.CAUSE), found("d", State.SOUND)]
    assert [r.runbook for r in rank(findings, "shop")] == ["c", "b", "a"]


def test_equal_ones_keep_the_order_given_and_nothing_is_nothing():
    """So that two runs say the same."""
    assert [r.runbook for r in rank([found("a", State.CAUSE), found("b", State.CAUSE)], "p", order=["b", "a"])] == ["b", "a"]
    assert rank([found("a", State.SOUND), found("b", State.UNASKED)], "p") == []


def test_the_command_can_be_pasted():
    """Quoted for a shell."""
    assert (
        command("missing_index", "shop", "", {"endpoint": "GET /orders?customer_id=42"})
        == "runbook run missing_index --profile shop -p 'endpoint=GET /orders?customer_id=42'"
    )


def test_the_command_hands_over_what_the_triage_read():
    """By the triage's id."""
    rows = rank([found("a", State.CAUSE)], "p", triage="20261128T101500Z-triage-0f3a")
    assert rows[0].command == "runbook run a --profile p --from 20261128T101500Z-triage-0f3a"
