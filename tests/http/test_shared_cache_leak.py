"""shared_cache_leak: the judgement apart from asking, what answers of two callers show, the probe."""

import json

import pytest

from helpers.errors import BadAnswer, ParameterError, Unreachable
from helpers.git.checks.cache_settings import CacheSetting
from helpers.http.callers import Both, ask_both, compared
from helpers.http.checks.callers_compared import callers_compared
from helpers.http.checks.shared_cache_leak import Seen, judge
from helpers.http.connect import Reading
from helpers.http.fields import leaves
from helpers.http.probes.shared_answers import SharedAnswers

SETTING = CacheSetting("GET /me", "s-maxage=60", "header", "app/me/route.ts", 9)
LEAK = {"rounds": 3, "leaks": 3, "kept": ["x-vercel-cache: HIT"], "made": 0, "without_cache": False, "to_nobody": True, "status_b": 200}


def said(value, *, status=200, kept="", moment=0):
    """An answer about somebody, with something that differs each time."""
    headers = {"x-vercel-cache": kept} if kept else {}
    return Reading(status, headers, json.dumps({"name": value, "at": moment}).encode())


OWN_A, OWN_B = (said("a", moment=1), said("a", moment=2)), (said("b", moment=3), said("b", moment=4))
REFUSED = (said("", status=400),) * 2


@pytest.mark.parametrize(
    ("a", "b", "own_a", "own_b", "leaks", "own_same"),
    [
        (said("a"), said("a", kept="HIT"), OWN_A, OWN_B, True, False),
        (said("b", kept="HIT"), said("b", kept="HIT"), OWN_A, OWN_B, True, False),
        (said("a", moment=5), said("b", moment=6), OWN_A, OWN_B, False, False),
        (said("a"), said("a", kept="HIT"), OWN_A, OWN_A, False, True),
        (said("a"), said("a", kept="HIT"), REFUSED, REFUSED, True, None),
        (said("a"), said("a"), REFUSED, REFUSED, False, None),
        (said("", status=401), said("b"), OWN_A, OWN_B, False, None),
        (
            Reading(200, {}, b"hello a"),
            Reading(200, {}, b"hello a"),
            (Reading(200, {}, b"hello a"),) * 2,
            (Reading(200, {}, b"hello b"),) * 2,
            True,
            False,
        ),
    ],
)
def test_a_leak_is_what_is_the_other_s_own(a, b, own_a, own_b, leaks, own_same):
    """Either way round; what differs by itself, and what is the same for all, is none."""
    found = compared(a, b, own_a, own_b, Reading(401))
    assert (isinstance(found, Both), found.leaks, found.own_same, found.to_nobody) == (True, leaks, own_same, False)


def test_leaves_are_places_with_values():
    """None where there is no JSON."""
    assert (leaves(b'{"a": [1, {"b": 2}]}'), leaves(b"<p>")) == ({(".a.0", "1"), (".a.1.b", "2")}, set())


@pytest.mark.parametrize(
    ("facts", "settings", "is_failing", "status", "subject"),
    [
        (LEAK, [SETTING], True, "PROBLEM", "GET /me: s-maxage=60 at app/me/route.ts:9"),
        (LEAK, None, True, "PROBLEM", "GET /me: kept by x-vercel-cache: HIT"),
        ({**LEAK, "made": 1}, [SETTING], True, "UNKNOWN", ""),
        ({**LEAK, "leaks": 0}, [SETTING], True, "UNKNOWN", ""),
        ({**LEAK, "leaks": 0, "without_cache": True}, [SETTING], False, "UNKNOWN", ""),
        ({**LEAK, "leaks": 0}, [SETTING], False, "OK", ""),
    ],
)
def test_what_the_facts_add_up_to(facts, settings, is_failing, status, subject):
    """Only what a cache gave is the cache's doing."""
    found = judge(Seen(True, "", "GET /me", facts, settings, is_failing))
    assert (found.status, found.subject or "") == (status, subject), found.summary


def test_callers_that_were_not_compared_tell_nothing():
    """And the reason is said."""
    assert "A is not answered" in judge(Seen(asked=False, why="A is not answered (401).")).summary


class Shop:
    """An API whose `/me` is kept for whoever asks first, and made anew for each query."""

    def __init__(self, status=200):
        self.status, self.kept = status, None

    async def read(self, path, headers=None, **_):
        name = (headers or {}).get("Authorization", "nobody")
        if "_runbook" in path:
            return said(name)
        hit = self.kept is not None
        self.kept = self.kept or name
        return said(self.kept, status=self.status, kept="HIT" if hit else "")


@pytest.fixture
def credentials(tmp_path):
    """Two references."""
    for name in "ab":
        (tmp_path / name).write_text(f"token-{name}")
    return {"credentials_a": f"file:{tmp_path / 'a'}", "credentials_b": f"file:{tmp_path / 'b'}"}


async def test_a_kept_answer_is_counted_by_the_probe_and_named_by_the_check(credentials):
    """Strangers are given it as well."""
    taken = await SharedAnswers("GET /me", samples=2, **credentials).measure({"api": Shop()})
    found = await callers_compared(Shop(), endpoint="GET /me", **credentials)
    round_ = await ask_both(Shop(), "GET /me?x=1", {"Authorization": "1"}, {"Authorization": "2"})
    assert ([s.ok for s in taken], taken[0].error, found.status, found.facts["leaks"], found.facts["to_nobody"], round_.leaks) == (
        [False, False], "x-vercel-cache: HIT", "PROBLEM", 3, True, True,
    )  # fmt: skip


@pytest.mark.parametrize(("status", "problem"), [(0, Unreachable), (401, BadAnswer)])
async def test_a_caller_that_is_not_answered_is_no_sample(credentials, status, problem):
    """The check says so, too."""
    with pytest.raises(problem):
        await SharedAnswers("GET /me", **credentials).measure({"api": Shop(status)})
    assert (await callers_compared(Shop(status), endpoint="GET /me", **credentials)).status == "UNKNOWN"


async def test_the_probe_needs_two_callers_by_reference():
    """A token as it is is refused; without callers nothing is asked."""
    probe = SharedAnswers("GET /me", "token-a", "token-b")
    assert ("GET /me" in probe.name, probe.applies, SharedAnswers("GET /me").applies) == (True, True, False)
    with pytest.raises(ParameterError):
        await probe.measure({"api": Shop()})
    assert (await callers_compared(Shop(), endpoint="GET /me")).status == "SKIPPED"
