"""deploy_regression through papermill: its fault in two variants, a healthy application, look-alikes, less evidence."""

import json
import sys

import pytest

from helpers.sandbox.services.api import python_path

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 5.0}
FAULT = "deploy_regression"
TAKEN_BACK = {"default": "-    await asyncio.sleep(0.25)", "errors": "-    check_digit = 97"}


@pytest.mark.parametrize("variant", ["default", "errors"])
async def test_it_names_the_planted_commit_among_64_and_reverts_it(fresh_sandbox, run, variant):
    """The version, the commit and the function; the rollback is told beside it."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert TAKEN_BACK[variant] in document.fix.patch
    assert "vercel rollback" in (result.folder / "incident.json").read_text()


async def test_it_measures_which_of_64_commits_it_is(fresh_sandbox, run, monkeypatch):
    """With at most eight builds, two of whose revisions do not start."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        monkeypatch.setenv("DATABASE_URL", sandbox.profile["postgres"])
        monkeypatch.setenv("REDIS_URL", sandbox.profile["redis"])
        monkeypatch.setenv("PYTHONPATH", python_path()["PYTHONPATH"])
        start = [sys.executable, "-m", "uvicorn", "shop.main:app", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]
        names = ["DATABASE_URL", "REDIS_URL", "PYTHONPATH"]
        more = f"[target.deploy]\nstart = {json.dumps(start)}\nenvironment = {json.dumps(names)}\n"
        result = await run(FAULT, sandbox, more=more, bisect=True, endpoint="GET /orders?customer_id=42", **WHOLE, **fault.parameters)
    document = result.document
    told = [json.loads(line) for line in (result.folder / "evidence.jsonl").read_text().splitlines()]
    measured = next(one["data"] for one in told if one["data"].get("check") == "bisect")
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert (measured["facts"]["first_bad"][:10], measured["facts"]["builds"] <= 8) == (fault.subject.split()[1], True), measured


async def test_without_the_code_it_is_inconclusive(fresh_sandbox, run):
    """That a version is worse is known, and by which commit is not."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("logs",)}, **fault.parameters)
    document = result.document
    assert (document.verdict, document.cause, document.broken) == ("inconclusive", None, None)
    assert "since version" in document.summary, document.summary


@pytest.mark.parametrize("lookalike", [None, "uneventful_deploy", "load_test"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {}
        result = await run(FAULT, sandbox, **WHOLE, **{name: value for name, value in given.items() if name == "route"})
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary
