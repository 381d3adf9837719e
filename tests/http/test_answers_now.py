"""answers_now: what a GET answers, by its status."""

import pytest

from helpers.errors import ParameterError
from helpers.http import answers_now
from helpers.http.connect import Reading
from helpers.results import Status


class Answers:
    """An API that gives these readings in turn."""

    def __init__(self, *readings):
        self.readings = list(readings)

    async def read(self, path, **_):
        return self.readings.pop(0)


@pytest.mark.parametrize(
    ("readings", "status", "summary"),
    [
        ([Reading(200)] * 3, Status.OK, "GET /a answers 200 (3 of 3)."),
        ([Reading(200), Reading(500), Reading(500)], Status.PROBLEM, "GET /a answers 500 (2 of 3), 200 (1 of 3)."),
        ([Reading(0, error="ConnectError")] * 3, Status.PROBLEM, "GET /a answers nothing (3 of 3)."),
    ],
)
async def test_it_counts_statuses(readings, status, summary):
    """500 and no answer are problems."""
    found = await answers_now(Answers(*readings), endpoint="GET /a")
    assert (found.status, found.summary) == (status, summary)


async def test_without_an_endpoint_nothing_is_asked():
    """SKIPPED, with what to give."""
    assert (await answers_now(Answers())).status is Status.SKIPPED


async def test_what_changes_something_is_not_asked():
    """GET only."""
    with pytest.raises(ParameterError):
        await answers_now(Answers(), endpoint="POST /a")
