"""pool_saturated through papermill: its fault in three variants, a healthy application, look-alikes, neighbours, less evidence."""

import pytest

from helpers.incident.evidence import audit
from tests.runbooks.api.quiet import without_runtime_lines

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 8.0}
FAULT = "pool_saturated"


@pytest.mark.parametrize(("variant", "before"), [("default", 10), ("polling", 10), ("small", 2)])
async def test_it_names_the_route_and_a_size_that_the_server_has_room_for(fresh_sandbox, run, variant, before):
    """Nothing that runs is changed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    changed = f"-    pool_size: int = {before}\n" in document.fix.patch
    assert (document.fix.name, document.fix.applied, changed, audit(result.folder)) == ("pool_size", False, True, [])


async def test_without_runtime_lines_it_is_inconclusive(fresh_sandbox, run):
    """No route is made up."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT):
        without_runtime_lines(sandbox)
        result = await run(FAULT, sandbox, **{**WHOLE, "window_s": 3.0})
    assert (result.document.verdict, result.document.cause, result.document.broken) == ("inconclusive", None, None)


async def test_without_code_and_database_the_route_is_named_all_the_same(fresh_sandbox, run):
    """The process knows who has them; the patch is missing."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("logs",)})
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


@pytest.mark.parametrize(("neighbour", "variant"), [("connection_leak", "transaction"), ("slow_upstream", "in_transaction")])
async def test_what_holds_connections_for_another_reason_is_named_or_left(fresh_sandbox, run, neighbour, variant):
    """Never a size."""
    async with fresh_sandbox() as sandbox, sandbox.fault(neighbour, variant=variant):
        result = await run(FAULT, sandbox, **WHOLE)
    document = result.document
    named = document.verdict != "other_cause" or document.other == neighbour
    assert (document.cause, document.verdict in {"healthy", "inconclusive", "other_cause"}, named) == (None, True, True), document.summary
