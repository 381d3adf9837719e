"""unhandled_errors through papermill: its fault in two variants, a healthy application, look-alikes, other failures."""

import asyncio

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 6.0}
FAULT = "unhandled_errors"


@pytest.mark.parametrize(("variant", "said"), [("default", "email without @"), ("page_zero", "page zero")])
async def test_it_names_exception_line_and_input_and_keeps_the_request(fresh_sandbox, run, variant, said):
    """The smallest request that fails is the test."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        await asyncio.sleep(3.0)  # users' requests, beside the probe's own that all fail: what sets them apart has to be seen
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert (said in document.summary, "status_code < 500" in document.fix.patch, "lang=de" in document.fix.patch) == (True, True, False)
    assert any("git revert" in effect for effect in document.fix.effects)


async def test_without_the_api_the_log_tells(fresh_sandbox, run):
    """The trait is enough; the shortest request that failed is kept."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("logs", "code")}, **fault.parameters)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found"), (
        result.document.summary
    )


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {"endpoint": "GET /orders?customer_id=42"}
        result = await run(FAULT, sandbox, **WHOLE, **given)
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary


async def test_a_database_that_is_gone_is_not_the_inputs_fault(fresh_sandbox, run):
    """Every request fails, and none because of what was asked."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        await sandbox.kill("postgres")
        result = await run(FAULT, sandbox, endpoint="GET /orders?customer_id=42", **{**WHOLE, "systems": ("api", "logs", "code")})
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None), result.document.summary
