"""The judgement is pure: facts in, cause out. Each fact that differs changes it as it should."""

from dataclasses import replace

import pytest

from helpers.postgres.plans.candidate import candidate_for
from helpers.postgres.plans.facts import Column, Index, Read, StatementFacts, Table
from helpers.postgres.plans.judge import Limits, judge
from helpers.postgres.plans.predicate import terms_of
from helpers.postgres.plans.scans import Scan, scans_of
from helpers.results import Status

COLUMNS = {
    n: Column(n, n, t)
    for n, t in {"id": "bigint", "customer_id": "integer", "status": "text", "queue": "text", "at": "date", "note": "text"}.items()
}
TABLE = Table("orders", 100_000.0, 50_000_000, COLUMNS, (Index("orders_pkey", ("id",)),), 0.0, 60.0)
SCAN = Scan("Seq Scan", "public", "orders", "orders", estimated_rows=100, actual_rows=100, removed_rows=99_900)


def read(condition: str = "(orders.customer_id = 42)", kept: float = 100, **changes: object) -> Read:
    values = {"table": TABLE, "scans": (SCAN,), "read_rows": 100_000.0, "kept_rows": kept, "estimated_rows": kept, "how": "measured"}
    return Read(terms=tuple(terms_of(condition, "orders")), **{**values, **changes})


def facts(*reads: Read, **changes: object) -> StatementFacts:
    return StatementFacts("select 1", reads or (read(),), **{"actual": True, "relations": ("orders",), **changes})


def index(**changes: object) -> Index:
    return Index(**{"name": "orders_customer_id_idx", "keys": ("customer_id",), **changes})


def with_index(**changes: object) -> Table:
    return replace(TABLE, indexes=(index(**changes),))


STALE = replace(TABLE, modified_rows=60_000.0)
JUDGED = {
    "the plain case": (facts(), "missing_index", Status.PROBLEM),
    "seen waiting for locks": (facts(active_samples=10, lock_wait_pct=80.0), "lock_contention", Status.PROBLEM),
    "seen waiting too rarely to tell": (facts(active_samples=2, lock_wait_pct=100.0), "missing_index", Status.PROBLEM),
    "planning is blocked": (facts(blocked=True, problem="lock timeout"), "lock_contention", Status.PROBLEM),
    "cannot be explained": (facts(problem="permission denied", remedy="GRANT"), None, Status.UNKNOWN),
    "reads nothing": (StatementFacts("select 1", ()), None, Status.OK),
    "reads little": (facts(read(read_rows=9_000.0)), None, Status.OK),
    "keeps most": (facts(read(kept=60_000)), None, Status.OK),
    "keeps some": (facts(read(kept=12_000)), None, Status.UNKNOWN),
    "no condition": (facts(read("", kept=100_000)), None, Status.OK),
    "an index that begins otherwise": (facts(read(table=with_index(keys=("status", "customer_id")))), "missing_index", Status.PROBLEM),
    "a partial index for others": (facts(read(table=with_index(predicate="(status = 'x'::text)"))), "missing_index", Status.PROBLEM),
    "a hash index": (facts(read(table=with_index(method="hash"))), "missing_index", Status.PROBLEM),
    "a valid index that is not used": (facts(read(table=with_index())), None, Status.UNKNOWN),
    "an invalid index": (facts(read(table=with_index(valid=False))), "invalid_index", Status.PROBLEM),
    "an index being built": (facts(read(table=with_index(valid=False, building=True))), None, Status.UNKNOWN),
    "stale, with an index to choose": (
        facts(read(error=900.0, table=replace(STALE, indexes=(index(),)))),
        "stale_statistics",
        Status.PROBLEM,
    ),
    "wrong estimate of fresh statistics, with an index": (facts(read(error=900.0, table=with_index())), None, Status.UNKNOWN),
    "stale, no index to choose, both say few": (facts(read(error=12.0, table=STALE)), "missing_index", Status.PROBLEM),
    "stale and only estimates": (facts(read(table=STALE, kept_rows=None, how="estimated"), actual=False), None, Status.UNKNOWN),
    "fresh and only estimates": (facts(read(kept_rows=None, how="estimated"), actual=False), "missing_index", Status.PROBLEM),
    "an index read that meets far more than expected": (
        facts(read(kept=50_000, estimated_rows=1.0, error=50_000.0, table=STALE, scans=(replace(SCAN, node="Index Scan", index="i"),))),
        "stale_statistics",
        Status.PROBLEM,
    ),
    "two explanations": (
        facts(read(), read("(orders.status = 'x'::text)", kept=5000, read_rows=50_000.0, error=100.0, table=replace(STALE, name="other", indexes=(index(keys=("status",)),)))),
        None,
        Status.UNKNOWN,
    ),
    "minimum of a table": (facts(read("", kept=100_000, scans=(replace(SCAN, aggregates=("max(at)",)),))), None, Status.UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_each_fact_has_its_judgement(case: str):
    """Code and status follow from the facts alone."""
    given, code, status = JUDGED[case]
    found = judge(given)
    assert (found.code, found.status) == (code, status), found.summary


def test_limits_are_arguments():
    """A stricter share makes the same facts undecided."""
    assert judge(facts(), Limits(max_kept_pct=0.01)).code is None


@pytest.mark.parametrize("condition", ["(orders.note = 'hunter2'::text)", "((orders.note = 'hunter2'::text) OR (orders.id = 1))"])
def test_no_string_value_is_shown(condition: str):
    """The sentences mask what the statement compares with, named or refused."""
    assert "hunter2" not in str(judge(facts(read(condition))))


SHARES = {"(orders.status = 'failed'::text)": 0.3, "(orders.queue = 'q'::text)": 5.0, "(orders.at >= '2024-01-01'::date)": 2.0}
KEYS = {
    "most selective equality first": ("((orders.queue = 'q'::text) AND (orders.status = 'failed'::text))", ("status", "queue")),
    "range last": ("((orders.at >= '2024-01-01'::date) AND (orders.queue = 'q'::text))", ("queue", "at")),
    "a column that halves nothing stays out": ("((orders.customer_id = 42) AND (orders.note = 'all'::text))", ("customer_id",)),
    "a range alone": ("(orders.at >= '2024-01-01'::date)", ("at",)),
    "the same column once": ("((orders.queue = 'q'::text) AND (orders.queue = 'q'::text))", ("queue",)),
    "a boolean expression of its own": ("(lower(orders.note) = 'x'::text)", ("lower(note)",)),
    "an operator in brackets": ("((orders.id + 1) = 7)", ("(id + 1)",)),
    "nothing from another table": ("(customers.id = 7)", ()),
    "nothing unequal": ("(orders.status <> 'done'::text)", ()),
    "nothing by OR": ("((orders.id = 1) OR (orders.customer_id = 2))", ()),
}


@pytest.mark.parametrize("case", KEYS)
def test_key_columns_are_ordered_for_use(case: str):
    """Equality by selectivity, then one range; what saves nothing stays out."""
    condition, columns = KEYS[case]
    shares = {**SHARES, "(orders.customer_id = 42)": 0.1, "(orders.note = 'all'::text)": 90.0}
    assert candidate_for(read(condition, term_pct=shares, volatility={"lower": "i"})).columns == columns


def test_an_expression_that_may_change_is_no_key():
    """A function that is not known to be immutable cannot be indexed: the sentence says what to write instead."""
    found = judge(facts(read("(date_trunc('day'::text, orders.at) = '2024-01-01'::date)", volatility={"date_trunc": "?"})))
    assert (found.code, "compare the bare column with a range" in found.summary) == (None, True)


def test_a_parallel_estimate_is_for_one_worker():
    """Two workers and the leader share the rows by 2.4, as the planner divides them."""
    scan = {"Node Type": "Seq Scan", "Parallel Aware": True, "Relation Name": "t", "Plan Rows": 100}
    gather = {"Node Type": "Gather", "Workers Planned": 2, "Plans": [{"Node Type": "Aggregate", "Strategy": "Plain", "Plans": [scan]}]}
    assert scans_of({"Plan": gather})[0].expected_rows == 240


def test_scans_under_gather_append_and_joins_are_found():
    """Every table read of a plan is there, with what joins and limits above it say."""
    inner = {
        "Node Type": "Seq Scan",
        "Relation Name": "o",
        "Schema": "s",
        "Alias": "o",
        "Plan Rows": 10,
        "Actual Rows": 10,
        "Actual Loops": 3,
    }
    outer = {
        "Node Type": "Index Scan",
        "Relation Name": "c",
        "Schema": "s",
        "Alias": "c",
        "Index Name": "i",
        "Plan Rows": 1,
        "Actual Rows": 1,
    }
    gather = {"Node Type": "Gather", "Plans": [{"Node Type": "Append", "Plans": [inner]}]}
    join = {"Node Type": "Hash Join", "Join Type": "Inner", "Hash Cond": "(o.c_id = c.id)", "Actual Rows": 2, "Plans": [gather, outer]}
    found = scans_of({"Plan": {"Node Type": "Limit", "Actual Rows": 2, "Plans": [join]}})
    assert [(s.relation, s.joins, s.joined_rows, s.read_rows) for s in found] == [
        ("o", ("o.c_id = c.id",), 2.0, 30.0),
        ("c", ("o.c_id = c.id",), 2.0, 1.0),
    ]
