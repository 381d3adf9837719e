"""unhandled_errors: what the log and the requests add up to."""

import pytest

from helpers.logs.checks.unhandled_errors import Seen, judge


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
