"""unhandled_errors: what the log and the requests add up to."""

import math
from types import SimpleNamespace

import pytest

from helpers.logs.checks.unhandled_errors import OVER_S, SOONER_S, Seen, judge
from helpers.logs.raised import Raised, _longest_pause


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
    ("after_s", "pause_s", "is_failing", "wanted"),
    [
        (OVER_S + 1, math.inf, True, "unhandled_errors"),
        (OVER_S - 1, math.inf, True, "memory_full"),
        (OVER_S + 1, math.inf, None, "memory_full"),
        (SOONER_S + 1, 0.4, True, "unhandled_errors"),  # it never paused for so long
        (SOONER_S - 1, 0.4, True, "memory_full"),
        (SOONER_S + 5, 6.0, True, "memory_full"),  # it comes in bursts
    ],
)
def test_what_has_stopped_is_not_what_fails_now(after_s, pause_s, is_failing, wanted):
    """However often it was raised before; where nobody saw a failure now, the log's most frequent stands."""
    over = Raised("OutOfMemoryError", "shop/x.py", 3, "put", "OOM command not allowed", "GET /x", 900, 1_000.0, pause_s)
    now = Raised("ZeroDivisionError", "shop/x.py", 9, "page", "division by zero", "GET /x", 20, 1_000.0 + after_s)
    smallest = SimpleNamespace(always=True, request="GET /x?page=0", without=[])
    said = judge(Seen([over, now], 20, route="GET /x", smallest=smallest, is_failing=is_failing))
    assert (said.code, "GET /x?page=0 is enough" in said.summary) == (wanted, wanted == "unhandled_errors")


def test_the_longest_pause_is_known_of_what_came_often():
    """Of ten or more; of fewer it is not known."""
    times = [100.0 - n for n in range(9)]
    assert (_longest_pause(times), _longest_pause([*times, 85.0])) == (math.inf, 7.0)
