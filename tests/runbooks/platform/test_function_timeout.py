"""function_timeout through papermill: its fault in two variants, a lock behind it, a healthy application, less evidence."""

import asyncpg
import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "function_timeout"


@pytest.mark.parametrize("variant", ["default", "loop"])
async def test_it_names_the_route_and_what_it_waits_for(fresh_sandbox, run, variant):
    """A call gets a bound; a loop has advice in place of a patch."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    if variant == "default":
        assert (
            "+    const answer = await fetch(`${base}/rates/${encodeURIComponent(country)}`, { signal: AbortSignal.timeout(2500),"
            in document.fix.patch
        )


async def test_without_code_or_postgres_it_is_not_decided(fresh_sandbox, run):
    """That it is ended is known, and what it waited for is not."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT) as fault:
        results = [await run(FAULT, sandbox, systems=systems, **fault.parameters) for systems in (("api",), ("api", "code"))]
    assert [(r.document.verdict, r.document.cause) for r in results] == [("inconclusive", None)] * 2, results[0].document.summary


async def test_a_lock_is_named_as_one(fresh_sandbox, run):
    """The statement that waits for it ran as long as the request."""
    async with fresh_sandbox(services=WEB) as sandbox:
        holder = await asyncpg.connect(sandbox.admin_dsn)
        async with holder.transaction():
            await holder.execute("lock table orders in access exclusive mode")
            result = await run(FAULT, sandbox, endpoint="GET /api/orders?customer_id=42", **WHOLE)
        await holder.close()
    assert (result.document.verdict, result.document.other) == ("other_cause", "lock_contention"), result.document.summary


async def test_answers_in_time_are_healthy(fresh_sandbox, run):
    """Whatever they are."""
    async with fresh_sandbox(services=WEB) as sandbox:
        result = await run(FAULT, sandbox, endpoint="GET /api/quote?country=FR", **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary
