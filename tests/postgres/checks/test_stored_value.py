"""One value of a person's query, to compare an answer with."""

import pytest

from helpers.postgres.checks.stored_value import StoredValue, stored_value


class Server:
    """A database with one value."""

    def __init__(self, value):
        self.found = value

    async def value(self, _sql):
        return self.found


@pytest.mark.parametrize(("value", "truth", "status", "rows"), [
    (5, "select 5", "OK", [StoredValue("5")]), (None, "select null", "UNKNOWN", []), (5, "", "SKIPPED", []),
])  # fmt: skip
async def test_a_value_is_text_and_none_is_not_known(value, truth, status, rows):
    """Without a query nothing is asked."""
    found = await stored_value(Server(value), truth=truth)
    assert (found.status, list(found.rows)) == (status, rows)
