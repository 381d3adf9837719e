"""lost_work through papermill: its fault in two variants, a healthy application, less evidence."""

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "lost_work"
CHANGED = {"default": '+    await query("insert into order_items', "each": "+    await Promise.all(items.map(async (item) => {"}


@pytest.mark.parametrize("variant", ["default", "each"])
async def test_it_names_the_route_and_the_promise(fresh_sandbox, run, variant):
    """With a patch that waits for it."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert CHANGED[variant] in document.fix.patch


async def test_without_the_code_it_is_not_decided_and_without_failures_it_is_healthy(fresh_sandbox, run):
    """Another route's work is not this one's."""
    async with fresh_sandbox(services=WEB) as sandbox:
        async with sandbox.fault(FAULT) as fault:
            bare = await run(FAULT, sandbox, systems=("logs",), **fault.parameters)
            other = await run(FAULT, sandbox, route="GET /api/prices", **WHOLE)
        healthy = await run(FAULT, sandbox, since="1s", **WHOLE)
    assert [(r.document.verdict, r.document.cause) for r in (bare, other)] == [("inconclusive", None)] * 2, other.document.summary
    assert (healthy.document.verdict, healthy.document.cause) in {("healthy", None), ("inconclusive", None)}, healthy.document.summary
