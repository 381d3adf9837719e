"""thread_pool_exhausted through papermill: its fault in three variants, a healthy application, look-alikes, less evidence."""

import pytest

from helpers.incident.evidence import audit
from tests.runbooks.api.quiet import without_runtime_lines

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 8.0}
FAULT = "thread_pool_exhausted"
FIXES = {
    "default": ("thread_limit", "+    anyio.to_thread.current_default_thread_limiter().total_tokens = "),
    "upstream": ("bound_call", "-_office = httpx.Client(timeout=30)"),
    "few": ("thread_limit", "-    anyio.to_thread.current_default_thread_limiter().total_tokens = 4"),
}


@pytest.mark.parametrize("variant", ["default", "upstream", "few"])
async def test_it_names_the_routes_and_proposes_a_patch(fresh_sandbox, run, variant):
    """Those that have the threads, not those that wait for one; nothing that runs is changed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    name, changed = FIXES[variant]
    assert (document.fix.name, document.fix.applied, changed in document.fix.patch, audit(result.folder)) == (name, False, True, [])


async def test_without_runtime_lines_it_is_inconclusive(fresh_sandbox, run):
    """The middleware is off; no route is made up."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="few") as fault:
        without_runtime_lines(sandbox)
        result = await run(FAULT, sandbox, **{**WHOLE, "window_s": 3.0}, **fault.parameters)
    assert (result.document.verdict, result.document.cause, result.document.broken) == ("inconclusive", None, None), result.document.summary


async def test_without_logs_it_is_said_what_is_missing(fresh_sandbox, run):
    """And the report is there."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="few") as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("api", "code")}, **fault.parameters)
    assert (result.document.verdict in {"unreachable", "inconclusive"}, result.document.cause, result.document.broken) == (True, None, None)


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {"endpoint": "GET /orders?customer_id=42"}
        result = await run(FAULT, sandbox, **WHOLE, **given)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


async def test_a_blocked_event_loop_is_not_it(fresh_sandbox, run):
    """Its loop stands still; no thread is missing."""
    async with fresh_sandbox() as sandbox, sandbox.fault("event_loop_blocked", variant="retry") as fault:
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
    verdict, other = result.document.verdict, result.document.other
    assert (verdict in {"healthy", "inconclusive", "other_cause"}, other in {None, "event_loop_blocked"}) == (True, True), (
        result.document.summary
    )
