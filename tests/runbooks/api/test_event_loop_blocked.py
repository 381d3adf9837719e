"""event_loop_blocked through papermill: its fault in three variants, a healthy application, look-alikes, less evidence."""

import subprocess

import pytest

from helpers.incident.evidence import audit, read_evidence
from helpers.incident.recovery import undo

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 6.0}
FAULT = "event_loop_blocked"


def branches(sandbox):
    """The branches of the sandbox's checkout."""
    listed = subprocess.run(
        ["git", "branch", "--format=%(refname:short)"], cwd=sandbox.profile["code"], capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


@pytest.mark.parametrize("variant", ["default", "retry", "gunicorn"])
async def test_it_names_the_line_and_keeps_a_patch_as_a_branch(fresh_sandbox, run, variant):
    """What runs is not changed; the branch goes again with the undo."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
        document, kept = result.document, branches(sandbox)
        undone, said, _ = await undo(result.folder)
        left = branches(sandbox)
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, len(kept), audit(result.folder)) == ("unblock_call", False, 2, [])
    assert (undone, left) == (True, {"main"}), said


async def test_a_dry_run_makes_no_branch(fresh_sandbox, run):
    """The patch is in the report, ready to be taken."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="retry") as fault:
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
        kept = branches(sandbox)
    assert (result.document.verdict, kept, "asyncio.to_thread(_wait, attempt)" in result.document.fix.patch) == (
        "cause_found",
        {"main"},
        True,
    )


@pytest.mark.parametrize("variant", ["default", "retry"])
async def test_without_its_log_the_code_and_the_neighbours_tell(fresh_sandbox, run, variant):
    """The one call that blocks, and every route waits."""
    systems = {**WHOLE, "systems": ("api", "code")}
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, **systems, **fault.parameters)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found"), (
        result.document.summary
    )


async def test_without_its_log_py_spy_sees_the_line(fresh_sandbox, run):
    """Where the operator names the process."""
    systems = {**WHOLE, "systems": ("api", "code")}
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        pid = (await sandbox.status())["services"]["api"]["pid"]
        result = await run(FAULT, sandbox, pid=pid, **systems, **fault.parameters)
    checked = [record.data for record in read_evidence(result.folder) if record.data.get("check") == "process_stacks"]
    if "ermission" in checked[0]["reason"]:
        pytest.skip(f"py-spy may not look into processes here: {checked[0]['reason']}")
    assert (result.document.cause.subject, checked[0]["status"], checked[0]["rows"][0]["code_line_number"]) == (
        fault.subject, "PROBLEM", int(fault.subject.rpartition(":")[2]),
    ), result.document.summary  # fmt: skip


async def test_with_the_api_alone_it_is_inconclusive_and_says_what_is_missing(fresh_sandbox, run):
    """No line is made up."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="retry") as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("api",)}, **fault.parameters)
    assert (result.document.verdict, result.document.cause, result.document.broken) == ("inconclusive", None, None)


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {"endpoint": "GET /orders?customer_id=42"}
        result = await run(FAULT, sandbox, **WHOLE, **given)
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary


@pytest.mark.parametrize("step", ["reproduce", "investigate"])
async def test_an_api_that_dies_still_ends_in_a_report(fresh_sandbox, run, step):
    """Run All reaches the report."""
    async with fresh_sandbox() as sandbox:
        fault = await sandbox.break_(FAULT)
        result = await run(FAULT, sandbox, kill_at=step, victim="api", **WHOLE, **fault.parameters)
    assert (result.document.broken, result.document.verdict in {"unreachable", "cause_found", "inconclusive"}) == (None, True)
