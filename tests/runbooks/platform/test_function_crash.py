"""function_crash through papermill: its fault in three variants, a healthy application, less evidence."""

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "function_crash"
SAID = {"default": "GET /api/report reads", "variable": "vercel env add PAYMENT_KEY production", "module": "npm install sharp-native"}


@pytest.mark.parametrize("variant", ["default", "variable", "module"])
async def test_it_names_the_reason(fresh_sandbox, run, variant):
    """With the rollback first."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert ("vercel rollback" in document.fix.patch, SAID[variant] in document.fix.patch) == (True, True)


async def test_without_the_log_it_is_not_decided(fresh_sandbox, run):
    """That it crashes is known, and why is not."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="variable") as fault:
        result = await run(FAULT, sandbox, systems=("api", "code"), **fault.parameters)
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None), result.document.summary


async def test_answers_are_healthy(fresh_sandbox, run):
    """400 as well."""
    async with fresh_sandbox(services=WEB) as sandbox:
        result = await run(FAULT, sandbox, endpoint="GET /api/orders?customer_id=abc", **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary
