"""unauthorised_route: the judgement apart from asking."""

from dataclasses import replace

import pytest

from helpers.git.checks.middleware import MatchedPath
from helpers.git.checks.web_handlers import WebHandler
from helpers.http.access import Access
from helpers.http.checks.unauthorised_route import Seen, judge

CLOSED = Access("GET /a/7", 401, 200, 404, "", same=False, finding="", private=True)
OPEN = Access("GET /c/7", 200, 200, 200, "name: str", same=True, finding="it was given as private, and answers anybody", private=True)
SHARED = replace(OPEN, route="GET /a/7", nobody=401, finding="it answers another tenant with what belongs to the first")
HANDLERS = [WebHandler(f"GET /{name}/[id]", f"app/{name}/[id]/route.ts", 3, wrappers, checks_input=True, catches=False, settings={})
            for name, wrappers in (("a", ["handle", "withAuth"]), ("c", ["handle"]))]  # fmt: skip
MATCHERS = [MatchedPath("/a/:path*", "proxy.ts", 5)]


@pytest.mark.parametrize(
    ("seen", "subject", "target"),
    [
        (Seen([OPEN, CLOSED], "", HANDLERS), "GET /c/[id]", {"wrappers": "handle,withAuth", "matcher": "", "tenant": False}),
        (
            Seen([OPEN, CLOSED], "", [replace(one, wrappers=["handle"]) for one in HANDLERS], MATCHERS, "proxy.ts"),
            "GET /c/[id]",
            {"wrappers": "", "matcher": "proxy.ts", "tenant": False},
        ),
        (Seen([SHARED], "", HANDLERS), "GET /a/[id]", {"wrappers": "", "matcher": "", "tenant": True}),
        (Seen([OPEN]), "GET /c/7", {"wrappers": "", "matcher": "", "tenant": False}),
    ],
)
def test_the_route_and_what_guards_its_neighbours(seen, subject, target):
    """By wrappers, by the middleware; an owner is nobody's to guess, and from outside there is the path alone."""
    found = judge(seen)
    assert (found.status, found.code, found.subject) == ("PROBLEM", "unauthorised_route", subject), found.summary
    assert {name: found.target[name] for name in target} == target


@pytest.mark.parametrize(
    ("seen", "status", "word"),
    [
        (Seen([CLOSED]), "OK", "none that should does not"),
        (Seen([replace(CLOSED, a=401)]), "UNKNOWN", "expired"),
        (Seen(None, "Name some as `private`."), "UNKNOWN", "private"),
    ],
)
def test_what_names_nothing(seen, status, word):
    """All refuse; credentials that expired; nothing asked."""
    found = judge(seen)
    assert (found.status, word in found.summary) == (status, True), found.summary
