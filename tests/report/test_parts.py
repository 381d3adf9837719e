"""The small parts of a report: numbers, axes, lock trees, shares, sizes."""

import pytest

from helpers.report.blocks import Facts, Node, Table
from helpers.report.detail import Detail
from helpers.report.fakes import write_incident
from helpers.report.fitting import MOST_BYTES, Composed, html, markdown
from helpers.report.numbers import duration, interval, moment, number, quantity, ratio
from helpers.report.pictures.axis import axis_for
from helpers.report.pictures.lock_tree import lock_tree
from helpers.report.pictures.time_share import time_share
from helpers.report.tables import evidence_table

T = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0, "0"), (1234567, f"1{T}234{T}567"), (1240.6, f"1{T}241"), (919.81, "919.8"), (18.26, "18.3"), (1.5, "1.5"), (0.0272, "0.0272"), (1e-7, "1e-07"), (-3.14159, "-3.14")],
)  # fmt: skip
def test_a_number_keeps_what_matters(value, text):
    """Three or four digits, thin spaces, never a zero that is not one."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(12.5, "ms", f"12.5{T}ms"), (41000, "ms", f"41{T}s"), (3, "count", "3"), (None, "ms", "–"), (45088768, "bytes", f"43{T}MiB"), (0.5, "%", f"0.5{T}%")],
)  # fmt: skip
def test_a_quantity_has_its_unit(value, unit, text):
    """Long times in seconds, sizes in binary units, a dash for nothing."""
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, f"0{T}s"), (0.0127, f"12.7{T}ms"), (4.25, f"4.2{T}s"), (185, f"3{T}min 5{T}s"), (7440, f"2{T}h 4{T}min")],
)
def test_a_duration_is_read_at_a_glance(seconds, text):
    """From milliseconds to hours."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("pair", "text"), [([1180.0, 1310.0], f"1{T}180 – 1{T}310{T}ms"), (None, ""), ([None, 1], ""), ([900, 12000], f"900{T}ms – 12{T}s")]
)
def test_an_interval_says_its_unit_once(pair, text):
    """Both ends in one unit, or each in its own."""
    assert interval(pair, "ms") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.027, f"0.027{T}×, about 37 times lower"),
        (1.02, f"1.02{T}×"),
        (2.0, f"2{T}×, about 2 times higher"),
        (None, "–"),
        (0.75, f"0.75{T}×, lower"),
    ],
)
def test_a_ratio_is_said_in_words(value, text):
    """After ÷ before, for people."""
    assert ratio(value) == text


def test_times_are_utc():
    """A time of another zone is shown in UTC; what is no time is shown as it is."""
    assert [moment("2026-07-03T05:12:09+02:00"), moment("yesterday")] == ["2026-07-03 03:12:09 UTC", "yesterday"]


@pytest.mark.parametrize("values", [[1.0, 5000.0], [0.0, 30.0], [7.0], [0.0], [99.0, 101.0], [0.001, 90000.0], [-5.0, 5.0], [0.0, 1e-9]])
def test_an_axis_holds_its_values_and_has_ticks(values):
    """Every value and every tick stands within the picture."""
    axis = axis_for(values)
    places = [axis.at(v) for v in (*values, *axis.ticks())]
    assert (2 <= len(axis.ticks()) <= 6, all(2 <= x <= 98 for x in places)) == (True, True)


def test_rows_of_another_kind_are_no_lock_tree():
    """A row without blocked_by is no session of a queue."""
    assert [lock_tree([]), lock_tree([{"pid": 1}]), lock_tree([{"pid": "1", "blocked_by": []}])] == [None] * 3


def test_a_cycle_is_shown_once_and_ends():
    """Two sessions that wait for each other have no head."""
    tree = lock_tree([{"pid": 1, "blocked_by": [2], "state": "active"}, {"pid": 2, "blocked_by": [1], "state": "active"}])
    inner = Node("pid 2", "active, waits – for pid 1")
    assert tree.nodes == (Node("pid 1", "active, waits – for pid 2", "waits in a cycle", (inner,)),)


def test_a_blocker_that_is_no_row_is_still_the_head():
    """A prepared transaction has pid 0 and no row of its own."""
    (head,) = lock_tree([{"pid": 7, "blocked_by": [0], "state": "active"}]).nodes
    assert (head.text, head.detail, [c.text for c in head.children]) == ("pid 0", "not among the rows shown", ["pid 7"])


def test_statements_become_bars_longest_first():
    """A share is drawn against the whole."""
    bars = time_share([{"query": "b", "share_pct": 6.0}, {"query": "a", "share_pct": 94.0}])
    assert bars.rows == (("a", 94.0, f"94{T}%"), ("b", 6.0, f"6{T}%"))


def test_an_empty_column_is_left_out_and_a_pid_is_not_rounded():
    """Numbers that are names keep their digits."""
    (table,) = evidence_table(
        [{"pid": 12345, "x": None, "ms": 1500.0}, {"pid": 12346, "x": "", "ms": 2.5}], total=2, path="", detail=Detail()
    )
    assert table == Table(("pid", "ms"), (("12345", f"1{T}500"), ("12346", "2.5")), frozenset({0, 1}))


def test_one_row_is_facts():
    """A single row reads better as names and values."""
    assert evidence_table([{"a": 1, "b": None}], total=1, path="", detail=Detail()) == [Facts((("a", "1"),))]


def test_very_much_evidence_still_fits(tmp_path):
    """Eighty checks with long rows are shortened, and it is said."""
    folder = write_incident(tmp_path / "20260703T031209Z-missing_index-4e1f")
    from helpers.incident.evidence import EvidenceLog

    log = EvidenceLog(folder)
    row = {f"column_{i}": "wörd " * 60 for i in range(12)}
    for n in range(80):
        rows = [row | {"n": k} for k in range(5)]
        data = {
            "check": f"check_{n}",
            "system": "postgres",
            "status": "OK",
            "rows": rows,
            "n_rows": 5,
            "arguments": {},
            "summary": "x " * 500,
        }
        log.append("checked", "investigate", data)
    composed = Composed(folder)
    pages = [html(composed), markdown(composed)]
    assert [(len(p) <= MOST_BYTES, "shortened here" in p.decode()) for p in pages] == [(True, True)] * 2
