"""Which kind of value makes a request fail, and what an empty 500 adds up to."""

import httpx
import pytest

from helpers.http.checks.empty_errors import Seen, judge
from helpers.http.checks.failing_input import FailingInput, failing_input
from helpers.http.connect import Api, Reading
from helpers.http.input_classes import named
from helpers.http.probes.empty_answers import EmptyAnswers, is_empty_error


@pytest.mark.parametrize(
    ("fails", "works", "wanted"),
    [
        (["text", "fraction"], ["missing", "empty", "number", "zero", "negative"], "is no number"),
        (["text", "number", "empty"], ["missing"], "has a value it does not know"),
        (["missing"], ["number", "text"], "is missing"),
        (["huge"], ["missing", "number", "text"], "is out of range"),
        (["negative", "zero"], ["missing", "number", "text"], "is below 1"),
        (["empty"], ["missing", "number", "text"], "is empty"),
        (["text", "number"], [], ""),
        ([], ["text"], ""),
    ],
)
def test_kinds_of_values_have_a_name_or_none(fails, works, wanted):
    """What fails for everything says nothing about the parameter."""
    assert named(fails, works) == wanted


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        (Reading(500), True),
        (Reading(500, {"x-vercel-error": "FUNCTION_INVOCATION_FAILED"}), False),
        (Reading(500, {}, b'{"error": 1}'), False),
        (Reading(404), False),
        (Reading(0, error="ReadTimeout"), False),
    ],
)
def test_an_error_that_says_nothing_is_the_applications(reading, wanted):
    """The platform's have a code."""
    assert is_empty_error(reading) == wanted


PAGE = FailingInput("page", ["text"], ["number"], "is no number")


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (Seen(asked=False), ("UNKNOWN", None, "")),
        (
            Seen(True, {"status": 500, "always": True, "is_empty": True}, [PAGE], "GET /a"),
            ("PROBLEM", "empty_errors", "GET /a: page is no number"),
        ),
        (Seen(True, {"status": 500, "always": True, "is_empty": True}, [], "GET /a"), ("PROBLEM", "empty_errors", "GET /a: every request")),
        (
            Seen(True, {"status": 500, "always": True, "is_empty": False, "content_type": "text/html"}, [PAGE], "GET /a"),
            ("UNKNOWN", None, ""),
        ),
        (Seen(True, {"status": 500, "always": False, "is_empty": False}, [], "GET /a"), ("UNKNOWN", None, "")),
        (Seen(True, {"status": 200, "always": False}, [], "GET /a"), ("OK", None, "")),
        (
            Seen(True, {"status": 504, "always": True, "platform": "FUNCTION_INVOCATION_TIMEOUT"}, [], "GET /a"),
            ("PROBLEM", "function_timeout", "FUNCTION_INVOCATION_TIMEOUT"),
        ),
        (Seen(True, {"status": 502, "always": True, "platform": "DNS_HOSTNAME_EMPTY"}, [], "GET /a"), ("UNKNOWN", None, "")),
    ],
)
def test_it_tells_its_neighbours_apart(seen, wanted):
    """A crash and a time-out are the platform's to tell; what has a body was handled."""
    said = judge(seen)
    assert (said.status, said.code, said.subject) == wanted


@pytest.fixture
async def asked(monkeypatch):
    """An API whose `page` must be a number."""

    def answer(request: httpx.Request) -> httpx.Response:
        page = request.url.params.get("page", "1")
        return httpx.Response(200, text="ok") if page.lstrip("-").isdigit() else httpx.Response(500)

    api = Api("http://api.example", "test")
    monkeypatch.setattr(api, "_new_client", lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    yield api
    await api.close()


async def test_each_parameter_is_tried_with_each_kind(asked):
    """The other parameter does not matter, and is said to work."""
    found = await failing_input(asked, request="GET /a?page=x&size=3")
    told = {row.parameter: row.what for row in found.rows}
    assert (found.status, told["page"], found.facts["is_empty"]) == ("PROBLEM", "is no number", True)
    assert (await failing_input(asked, request="GET /a?page=2")).status == "OK"
    assert (await failing_input(asked, request="POST /a")).status == "SKIPPED"


async def test_the_probe_counts_them(asked):
    """Every one of these."""
    samples = await EmptyAnswers("GET /a?page=x", samples=5).measure({"api": asked})
    assert [sample.ok for sample in samples] == [False] * 5
