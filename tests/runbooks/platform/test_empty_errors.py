"""empty_errors through papermill: its fault in three variants, a healthy application, less evidence, a crash that is none."""

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "empty_errors"
CHANGED = {
    "default": "export const GET = handle(async (request: Request) =>",
    "no_answer": "status: 400",
    "range": "handle(async (request: Request)",
}


@pytest.mark.parametrize("variant", ["default", "no_answer", "range"])
async def test_it_names_the_route_and_the_input(fresh_sandbox, run, variant):
    """With a patch that TypeScript reads, and nothing that runs changed."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert (document.fix.name, CHANGED[variant] in document.fix.patch) == ("answer_bad_input", True), document.fix.patch


async def test_from_outside_alone_it_names_the_path(fresh_sandbox, run):
    """Without the code there is no patch, and the input is known all the same."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, systems=("api",), **fault.parameters)
    document = result.document
    assert (document.cause.subject if document.cause else "", document.verdict) == (fault.subject, "cause_found"), document.summary


@pytest.mark.parametrize("endpoint", ["GET /api/orders?customer_id=42", "GET /api/orders?customer_id=abc", "GET /api/me", ""])
async def test_answers_that_say_something_are_healthy(fresh_sandbox, run, endpoint):
    """200, 400 with the reason, 401; without an endpoint nothing is known."""
    async with fresh_sandbox(services=WEB) as sandbox:
        result = await run(FAULT, sandbox, endpoint=endpoint, **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy" if endpoint else "inconclusive", None), result.document.summary
