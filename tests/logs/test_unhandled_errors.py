"""unhandled_errors: what the log and the requests add up to."""

from types import SimpleNamespace

import pytest

from helpers.logs.checks.unhandled_errors import OVER_S, Seen, judge
from helpers.logs.raised import Raised


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (Seen(failed=None), ("UNKNOWN", None)),
        (Seen(failed=0), ("OK", None)),
        (Seen(failed=0, is_failing=False), ("OK", None)),
        (Seen(failed=0, is_failing=True), ("UNKNOWN", None)),
        (Seen(failed=9), ("UNKNOWN", None)),
    ],
)
def test_failures_that_no_log_holds_are_not_called_none(seen, wanted):
    """Requests that time out for who asks are in no log with a 500."""
    said = judge(seen)
    assert (said.status, said.code) == wanted


@pytest.mark.parametrize(
    ("after_s", "is_failing", "wanted"),
    [(OVER_S + 1, True, "unhandled_errors"), (OVER_S - 1, True, "memory_full"), (OVER_S + 1, None, "memory_full")],
)
def test_what_has_stopped_is_not_what_fails_now(after_s, is_failing, wanted):
    """However often it was raised before; where nobody saw a failure now, the log's most frequent stands."""
    over = Raised("OutOfMemoryError", "shop/x.py", 3, "put", "OOM command not allowed", "GET /x", 900, 1_000.0)
    now = Raised("ZeroDivisionError", "shop/x.py", 9, "page", "division by zero", "GET /x", 20, 1_000.0 + after_s)
    smallest = SimpleNamespace(always=True, request="GET /x?page=0", without=[])
    said = judge(Seen([over, now], 20, route="GET /x", smallest=smallest, is_failing=is_failing))
    assert (said.code, "GET /x?page=0 is enough" in said.summary) == (wanted, wanted == "unhandled_errors")
