"""stale_route: the judgement apart from asking, what headers say of caches, values in answers, the probe."""

from types import SimpleNamespace

import pytest

from helpers.errors import BadAnswer, ParameterError, Refused, Unreachable
from helpers.git.checks.cache_settings import CacheSetting
from helpers.http.cached import kept_by
from helpers.http.checks.kept_answers import kept_answers
from helpers.http.checks.stale_route import Seen, judge
from helpers.http.connect import Reading
from helpers.http.fields import agrees, value_at
from helpers.http.probes.stale_answers import StaleAnswers
from helpers.http.routes import route_of

STATIC = CacheSetting("GET /a", "dynamic = force-static", "segment", "app/a/route.ts", 3)
HEADER = CacheSetting("GET /a", "s-maxage=60", "header", "app/a/route.ts", 9)
KEPT = {"kept": ["x-vercel-cache: HIT"], "stale": 3, "stale_kept": 3, "stale_made": 0, "new_query_fresh": True}


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"x-vercel-cache": "HIT"}, "x-vercel-cache: HIT"),
        ({"x-vercel-cache": "MISS", "x-nextjs-cache": "STALE"}, "x-nextjs-cache: STALE"),
        ({"cf-cache-status": "DYNAMIC"}, ""),
        ({"x-cache": "Hit from cloudfront"}, "x-cache: HIT"),
        ({"x-cache": "Miss from cloudfront"}, ""),
        ({"cache-status": "ExampleCache; hit; ttl=30"}, "cache-status: HIT"),
        ({"age": "12"}, "age: 12"),
        ({"age": "0"}, ""),
        ({}, ""),
    ],
)
def test_headers_say_which_cache_gave_an_answer(headers, kept):
    """Whoever it belongs to; a miss is none."""
    assert kept_by(headers) == kept


def test_a_value_is_found_by_its_path_and_compared_as_people_would():
    """Numbers however they are written; what is not there is said."""
    body = b'{"items": [{"price": "5.0", "on": true}]}'
    assert (value_at(body, "items.0.price"), value_at(body, "items.-1.on"), value_at(b"5", "")) == ("5.0", True, 5)
    assert [agrees("5.0", 5), agrees(True, "true"), agrees("a", "b"), agrees(None, "x"), agrees("x", "x")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    for path in ("items.1", "items.0.name", "items.x"):
        with pytest.raises(KeyError, match="the answer has no"):
            value_at(body, path)
    with pytest.raises(KeyError, match="no JSON"):
        value_at(b"<html>", "a")


@pytest.mark.parametrize(
    ("facts", "settings", "is_failing", "status", "subject"),
    [
        (KEPT, [STATIC], True, "PROBLEM", "GET /a: dynamic = force-static at app/a/route.ts:3"),
        (KEPT, [STATIC, HEADER], True, "PROBLEM", "GET /a: s-maxage=60 at app/a/route.ts:9"),
        (
            {**KEPT, "kept": ["x-vercel-cache: PRERENDER"]},
            [HEADER, STATIC],
            True,
            "PROBLEM",
            "GET /a: dynamic = force-static at app/a/route.ts:3",
        ),
        (KEPT, None, True, "PROBLEM", "GET /a: kept by x-vercel-cache: HIT"),
        ({**KEPT, "stale_made": 1}, [STATIC], True, "UNKNOWN", ""),
        ({**KEPT, "stale": 0}, [STATIC], True, "UNKNOWN", ""),
        ({**KEPT, "stale": 0}, [STATIC], False, "OK", ""),
    ],
)
def test_what_the_facts_add_up_to(facts, settings, is_failing, status, subject):
    """Only what a cache gave, and is not stored, is the route's setting's doing."""
    found = judge(Seen(True, "GET /a", facts, knows_stored=True, settings=settings, is_failing=is_failing))
    assert (found.status, found.subject or "") == (status, subject), found.summary


def test_without_an_answer_or_what_is_stored_nothing_is_known():
    """It says what to give."""
    assert ("endpoint" in judge(Seen(asked=False)).summary, "truth" in judge(Seen(True, "GET /a", KEPT)).summary) == (True, True)


class Asked:
    """An API that answers with what it is given, by turns."""

    def __init__(self, *readings):
        self.readings, self.paths = list(readings), []

    async def read(self, path, **_):
        self.paths.append(path)
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]


class Stored:
    """A database with one value."""

    async def value(self, _sql):
        return 7


@pytest.mark.parametrize(
    ("reading", "errors"),
    [
        (Reading(200, {}, b'{"n": "7"}'), [""]),
        (Reading(200, {"x-vercel-cache": "HIT"}, b'{"n": 6}'), ["x-vercel-cache: HIT"]),
        (Reading(200, {}, b'{"n": 6}'), ["made for the request"]),
    ],
)
async def test_the_probe_counts_what_is_not_stored(reading, errors):
    """And says which cache gave it."""
    taken = await StaleAnswers("GET /a", "n", "select 7", samples=1).measure({"api": Asked(reading), "postgres": Stored()})
    assert ([sample.error for sample in taken], [sample.ok for sample in taken]) == (errors, [not errors[0]])


@pytest.mark.parametrize(
    ("reading", "sessions", "problem"),
    [
        (Reading(200, {}, b'{"m": 6}'), {"postgres": Stored()}, BadAnswer),
        (Reading(0, error="ConnectError"), {"postgres": Stored()}, Unreachable),
        (Reading(200), {}, Refused),
    ],
)
async def test_what_cannot_be_compared_is_no_sample(reading, sessions, problem):
    """A missing field, no answer, no database."""
    with pytest.raises(problem):
        await StaleAnswers("GET /a", "n", "select 7").measure({"api": Asked(reading), **sessions})


def test_the_probe_applies_where_both_are_given_and_refuses_what_is_no_query():
    """Its name holds the endpoint."""
    assert [StaleAnswers("GET /a", "n", truth).applies for truth in ("", "select 7")] == [False, True]
    assert "GET /a" in StaleAnswers("GET /a").name
    with pytest.raises(ParameterError, match="reads nothing"):
        StaleAnswers("GET /a", "n", "delete from a")


async def test_a_new_query_goes_past_caches():
    """It is asked last, with a query of its own."""
    old, new = Reading(200, {"x-vercel-cache": "HIT"}, b'{"n": 6}'), Reading(200, {}, b'{"n": 7}')
    api = Asked(old, old, old, new)
    found = await kept_answers(api, endpoint="GET /a?b=1", field="n", stored=7)
    assert (found.status, found.facts["stale_kept"], found.facts["new_query_fresh"], "&_runbook=" in api.paths[-1]) == (
        "PROBLEM",
        3,
        True,
        True,
    )
    assert (await kept_answers(api)).status == "SKIPPED"


def test_the_plainest_route_that_serves_a_path_is_it():
    """A path that no route serves is named by itself."""
    rows = [SimpleNamespace(route=f"GET {shape}", serves=lambda path, _, fits=fits: path in fits)
            for shape, fits in (("/a/[id]", ["/a/b", "/a/c"]), ("/a/b", ["/a/b"]))]  # fmt: skip
    assert [route_of(endpoint, rows) for endpoint in ("GET /a/b?x=1", "GET /a/c", "GET /z")] == ["GET /a/b", "GET /a/[id]", "GET /z"]
