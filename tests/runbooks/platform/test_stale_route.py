"""stale_route through papermill: its fault in three variants, a cache behind the function, a healthy application, less evidence."""

import asyncpg
import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "stale_route"
CHANGED = {
    "default": '+export const dynamic = "force-dynamic";',
    "revalidate": '+export const dynamic = "force-dynamic";',
    "header": '"Cache-Control": "no-store"',
}


@pytest.mark.parametrize("variant", ["default", "revalidate", "header"])
async def test_it_names_the_route_and_the_setting(fresh_sandbox, run, variant):
    """With a patch, and the purge as a command to run."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert CHANGED[variant] in document.fix.patch
    assert "vercel cache purge" in (result.folder / "incident.json").read_text()


async def test_with_less_evidence(fresh_sandbox, run):
    """Without the code the cache is named; without the database nothing is known."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="header") as fault:
        results = [await run(FAULT, sandbox, systems=systems, **fault.parameters) for systems in (("postgres", "api"), ("api", "code"))]
    assert [(r.document.verdict, r.document.cause and r.document.cause.subject) for r in results] == [
        ("cause_found", "GET /api/prices: kept by x-vercel-cache: HIT"),
        ("inconclusive", None),
    ], results[0].document.summary


async def test_what_the_function_itself_answers_is_no_cache_before_it(fresh_sandbox, run):
    """It is made for each request, and old all the same; then healthy, where it is what is stored."""
    async with fresh_sandbox(services=WEB) as sandbox:
        admin = await asyncpg.connect(sandbox.admin_dsn)
        price = await admin.fetchval(
            "select max(price_cents) from order_items where order_id <= 20 and sku = (select min(sku) from order_items where order_id <= 20)"
        )
        await admin.close()
        given = {"endpoint": "GET /api/prices", "field": "prices.0.price_cents"}
        old = await run(FAULT, sandbox, truth=f"select {price + 1}", **WHOLE, **given)
        fresh = await run(FAULT, sandbox, truth=f"select {price}", **WHOLE, **given)
    assert (old.document.verdict, old.document.cause, "stale_cache" in old.document.summary) == ("inconclusive", None, True), (
        old.document.summary
    )
    assert (fresh.document.verdict, fresh.document.cause) == ("healthy", None), fresh.document.summary
