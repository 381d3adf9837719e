"""connection_leak through papermill: its fault in three variants, a healthy application, look-alikes, less evidence."""

import pytest

from helpers.incident.evidence import audit
from tests.runbooks.api.quiet import without_runtime_lines

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 8.0}
FAULT = "connection_leak"
PATCHES = {
    "default": "+    async with pool.acquire(timeout=5) as connection:",
    "dependency": "+        yield ledger\n",
    "transaction": "+    async with request.app.state.pool.acquire(timeout=5) as connection:",
}


@pytest.mark.parametrize("variant", ["default", "dependency", "transaction"])
async def test_it_names_the_route_and_proposes_to_give_back(fresh_sandbox, run, variant):
    """The one that keeps them, not those that wait; nothing that runs is changed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    found = (document.fix.name, document.fix.applied, PATCHES[variant] in document.fix.patch, audit(result.folder))
    assert found == ("release_connection", False, True, []), document.fix.patch


async def test_without_runtime_lines_it_is_inconclusive_and_lists_the_candidates(fresh_sandbox, run):
    """The code shows a place; that it is the one is not proven."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="dependency"):
        without_runtime_lines(sandbox)
        result = await run(FAULT, sandbox, **{**WHOLE, "window_s": 3.0})
    assert (result.document.verdict, result.document.cause, result.document.broken) == ("inconclusive", None, None)


async def test_without_code_the_route_is_named_all_the_same(fresh_sandbox, run):
    """The process knows who took them; the patch is missing."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="dependency") as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("postgres", "logs")})
    assert (result.document.cause and result.document.cause.subject, result.document.broken) == (fault.subject, None), (
        result.document.summary
    )


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        if lookalike:
            await sandbox.break_(lookalike)
        result = await run(FAULT, sandbox, **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary


async def test_connections_held_while_another_service_is_asked_are_no_leak(fresh_sandbox, run):
    """They are some request's, and come back."""
    async with fresh_sandbox() as sandbox, sandbox.fault("slow_upstream", variant="in_transaction"):
        result = await run(FAULT, sandbox, **WHOLE)
    assert (result.document.verdict in {"healthy", "inconclusive"}, result.document.cause) == (True, None), result.document.summary
