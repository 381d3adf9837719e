"""function_crash: the judgement apart from asking, the scope of a crash, the probe, what is proposed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from helpers.contracts import FixPreview
from helpers.errors import Unreachable
from helpers.http.checks.crash_scope import CrashedRoute, crash_scope
from helpers.http.checks.function_crash import Seen, judge
from helpers.http.connect import Reading
from helpers.http.fixes.crash_remedy import CrashRemedy
from helpers.http.probes.platform_crashes import PlatformCrashes, crash_code
from helpers.logs.checks.last_words import LastWords

CRASH = {"code": "FUNCTION_INVOCATION_FAILED", "timed_out": "", "others": 3, "others_crash": 0}
ALL = {**CRASH, "others_crash": 3}
FULL = LastWords("memory", "", 4, "10:00", "10:01")
VARIABLE = LastWords("variable", "PAYMENT_KEY", 4, "10:00", "10:01")
MODULE = LastWords("module", "sharp", 2, "10:00", "10:01")


@pytest.mark.parametrize(
    ("facts", "words", "exits", "is_failing", "status", "subject"),
    [
        (CRASH, [FULL], 3, True, "PROBLEM", "memory: GET /a"),
        (CRASH, [FULL, VARIABLE], 3, True, "UNKNOWN", ""),
        (CRASH, [VARIABLE], 3, True, "PROBLEM", "variable: PAYMENT_KEY"),
        (ALL, [VARIABLE], 3, True, "PROBLEM", "variable: PAYMENT_KEY"),
        (ALL, [FULL, MODULE], 3, True, "PROBLEM", "module: sharp"),
        (ALL, [FULL], 3, True, "UNKNOWN", ""),
        (ALL, [VARIABLE], 0, True, "UNKNOWN", ""),
        (ALL, [], 3, True, "UNKNOWN", ""),
        (ALL, None, 0, True, "UNKNOWN", ""),
        ({**CRASH, "code": ""}, [], 0, True, "UNKNOWN", ""),
        ({**CRASH, "code": ""}, [FULL], 3, False, "OK", ""),
        ({**CRASH, "code": "", "timed_out": "FUNCTION_INVOCATION_TIMEOUT"}, [], 0, True, "PROBLEM", "GET /a"),
    ],
)
def test_what_the_facts_add_up_to(facts, words, exits, is_failing, status, subject):
    """A reason that fits whom it meets; several, or none, decide nothing."""
    found = judge(Seen(True, "GET /a", facts, words, exits, is_failing=is_failing))
    assert (found.status, found.subject or "") == (status, subject), found.summary


def test_what_was_said_minutes_before_the_last_process_ended_is_not_its_reason():
    """Of two the one that is said now; where nothing known is said now, it is not decided."""
    at = "2026-03-03 10:0{}:00+00".format
    old, new = replace(FULL, last=at(1)), replace(VARIABLE, last=at(4))
    both, alone = (judge(Seen(True, "GET /a", CRASH, words, 3, at(5), is_failing=True)) for words in ([old, new], [old]))
    assert (both.subject, alone.status) == ("variable: PAYMENT_KEY", "UNKNOWN")


def test_nothing_asked_is_not_decided():
    """It says what to give."""
    assert "endpoint" in judge(Seen(asked=False)).summary


class Asked:
    """An API whose paths crash, time out or answer."""

    def __init__(self, **codes):
        self.codes = codes

    async def read(self, path, **_):
        code = self.codes.get(path.strip("/").partition("?")[0] or "root", "")
        return Reading(500 if code else 200, {"x-vercel-error": code} if code else {})


async def test_the_scope_is_one_route_or_all():
    """Others are those of the code that need no value, and change nothing by their name."""
    routes = [SimpleNamespace(route=route) for route in ("GET /a", "GET /b", "POST /c", "GET /d/[id]", "GET /logout")]
    handlers = SimpleNamespace(rows=routes)
    one = await crash_scope(Asked(a=CRASH["code"]), endpoint="GET /a?x=1", handlers=handlers)
    every = await crash_scope(Asked(a=CRASH["code"], root=CRASH["code"]), endpoint="GET /a")
    assert ([(row.path, bool(row.code)) for row in one.rows], isinstance(one.rows[0], CrashedRoute)) == (
        [("/a?x=1", True), ("/b", False)],
        True,
    )
    assert [(r.status, r.facts["others"], r.facts["others_crash"]) for r in (one, every)] == [("PROBLEM", 1, 0), ("PROBLEM", 1, 1)]
    assert (await crash_scope(Asked())).status == "SKIPPED"


@pytest.mark.parametrize(
    ("code", "counts"),
    [("FUNCTION_INVOCATION_FAILED", True), ("MIDDLEWARE_INVOCATION_FAILED", True), ("FUNCTION_INVOCATION_TIMEOUT", False), ("", False)],
)
async def test_only_the_platform_s_code_of_a_crash_counts(code, counts):
    """A time-out is another failure mode's."""
    taken = await PlatformCrashes("GET /a", samples=2).measure({"api": Asked(a=code)})
    assert ([not sample.ok for sample in taken], bool(crash_code({"x-vercel-error": code}))) == ([counts] * 2, counts)


async def test_no_answer_is_no_sample():
    """The probe is named by its endpoint, and applies where one is given."""

    async def read(*_args, **_kwargs):
        return Reading(0)

    with pytest.raises(Unreachable):
        await PlatformCrashes("GET /a", samples=1).measure({"api": SimpleNamespace(read=read)})
    assert (PlatformCrashes("GET /a").name, PlatformCrashes("").applies, PlatformCrashes("GET /a").applies) == (
        "crashes at GET /a",
        False,
        True,
    )


@pytest.mark.parametrize(
    ("reason", "what", "word"),
    [("memory", "GET /a", "GET /a reads"), ("variable", "KEY_A", "vercel env add KEY_A"), ("module", "sharp", "npm install sharp")],
)
async def test_the_rollback_comes_first(reason, what, word):
    """Then what was missing; nothing is applied."""
    fix = CrashRemedy(reason, what)
    preview = await fix.preview(None)
    assert ("vercel rollback" in fix.patch(FixPreview([])), word in preview.statements[0], bool(preview.advice)) == (True, True, True)
