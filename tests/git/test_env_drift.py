"""env_drift's probe and check on a checkout and an imitated platform: counts, sources that are missing, what somebody feels."""

from types import SimpleNamespace

import pytest

from helpers.errors import ParameterError, Refused
from helpers.git import drifting_variables, env_drift, env_files, env_history, env_reads
from helpers.http.checks.answers_now import AnswerCount
from helpers.results import CheckResult, Status
from helpers.variables.gauge import LOOKS
from helpers.variables.hidden import hide
from helpers.variables.known import Variable
from helpers.vercel import unsound_variable, unsound_variables
from tests.git.checkouts import checkout

CODE = {"lib/a.ts": "export const url = process.env.A_URL!;", ".env.example": "A_URL=\n"}


class Platform:
    """A session that has these variables."""

    def __init__(self, *names, error=None):
        self.names, self.error = names, error

    async def variables(self):
        if self.error:
            raise self.error
        return [Variable(name, ["production", "preview"], "vercel") for name in self.names]

    async def described(self):
        return {"live_at": "2026-01-01T00:00:00.000Z"}


def answer(*names, **facts):
    return CheckResult(Status.OK, [Variable(name, ["production", "preview"], "vercel") for name in names], facts=facts)


async def test_the_probe_counts_variables_in_drift(tmp_path):
    """One sample a look; with the variable set there is none."""
    session = await checkout(tmp_path, CODE)
    probe = drifting_variables(every_s=0.01)
    counts = [{s.value for s in await probe.measure({"code": session, "vercel": Platform(*names)})} for names in ((), ("A_URL",))]
    assert (counts, len(await probe.measure({"code": session}))) == ([{1.0}, {0.0}], LOOKS)


async def test_a_platform_that_does_not_answer_is_no_zero(tmp_path):
    """The count is not known then."""
    session = await checkout(tmp_path, CODE)
    with pytest.raises(Refused):
        await drifting_variables(every_s=0.01).measure({"code": session, "vercel": Platform(error=Refused("vercel", "429"))})


async def test_without_the_code_the_platform_alone_is_counted():
    """What is wrong by itself."""
    samples = await unsound_variables(every_s=0.01).measure({"vercel": Platform("A_URL")})
    assert {s.value for s in samples} == {0.0}


def test_the_probe_needs_environments():
    """To count in."""
    with pytest.raises(ParameterError):
        drifting_variables(environments=" , ")


async def test_the_check_takes_what_others_were_told(tmp_path):
    """And says who feels it."""
    session = await checkout(tmp_path, CODE)
    sources = {"files": await env_files(session), "reads": await env_reads(session), "history": await env_history(session)}
    failing = CheckResult(Status.PROBLEM, (), "GET /a answers 500 (3 of 3).")
    found = await env_drift(session, platform=answer(), answers=failing, **sources)
    assert (found.subject, found.because[-1]) == ("A_URL: missing in production, preview", "GET /a answers 500 (3 of 3).")


@pytest.mark.parametrize("platform", [None, CheckResult(Status.UNKNOWN, reason="429"), CheckResult(Status.SKIPPED, reason="has no vercel")])
async def test_without_the_platform_it_is_not_decided(tmp_path, platform):
    """Never OK."""
    session = await checkout(tmp_path, CODE)
    found = await env_drift(session, platform=platform, reads=await env_reads(session), files=await env_files(session))
    assert (found.status, "vercel env pull" in found.summary) == (Status.UNKNOWN, True)


async def test_the_platform_alone_names_what_is_wrong_by_itself():
    """And nothing is OK without the code."""
    wrong = Variable("NEXT_PUBLIC_PAY", ["production"], "vercel", digest=hide("sk_live_" + "a1" * 12).digest, looks=["secret"])
    said = [await unsound_variable(SimpleNamespace(), platform=CheckResult(Status.OK, rows)) for rows in ([wrong], [])]
    assert [(one.status, one.fix) for one in said] == [(Status.PROBLEM, "set_variable"), (Status.UNKNOWN, "")]


@pytest.mark.parametrize(("platform", "code"), [("FUNCTION_INVOCATION_FAILED", "function_crash"), ("", "env_drift")])
async def test_a_process_that_ends_for_want_of_it_is_a_crash(tmp_path, platform, code):
    """What stops the harm first is the other runbook's."""
    session = await checkout(tmp_path, CODE)
    failing = CheckResult(Status.PROBLEM, [AnswerCount(500, platform, 3)], "GET /a answers 500 (3 of 3).")
    found = await env_drift(session, platform=answer(), answers=failing, reads=await env_reads(session))
    assert (found.status, found.code, "A_URL" in found.summary) == (Status.PROBLEM, code, True)
