"""partial_writes through papermill: its fault in two variants, a healthy application, look-alikes, less evidence."""

import asyncpg
import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 5.0}
FAULT = "partial_writes"


@pytest.mark.parametrize(("variant", "place"), [("default", "shop/routes/orders.py"), ("repository", "shop/routes/shipments.py")])
async def test_it_names_the_pair_and_wraps_it(fresh_sandbox, run, variant, place):
    """By the transactions that wrote the rows, and the code."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert (document.fix.name, f"b/{place}" in document.fix.patch) == ("wrap_transaction", True)
    assert "+    async with database.transaction():" in document.fix.patch
    report = (result.folder / "report.md").read_text()
    said = "kept as a branch: nothing that runs was changed", "Nothing was applied, so there is nothing to verify."
    assert ([one in report for one in said], "may still stand" in report) == ([True, True], False)


async def test_without_the_code_the_rows_tell_and_their_repair_is_shown(fresh_sandbox, run):
    """Nothing is repaired by the runbook."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, apply=True, **{**WHOLE, "systems": ("postgres",)}, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, document.fix.name) == (
        fault.subject,
        "cause_found",
        "repair_orphans",
    )
    assert "NOT EXISTS" in document.fix.patch


async def test_partners_that_were_deleted_are_no_partial_writes(fresh_sandbox, run):
    """Both were written in one transaction; somebody took the items away."""
    async with fresh_sandbox() as sandbox:
        connection = await asyncpg.connect(sandbox.admin_dsn)
        for _ in range(40):
            await connection.execute(
                "with o as (insert into orders (customer_id, total_cents, shipping_address) select 7, 1, 'x' from generate_series(1, 100) returning id) "
                "insert into order_items (order_id, sku, quantity, price_cents) select id, 'x', 1, 1 from o"
            )
        await connection.execute(
            "delete from order_items where order_id in (select id from orders order by id desc limit 300) and order_id % 5 = 0"
        )
        await connection.close()
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("postgres", "code")})
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None), result.document.summary


@pytest.mark.parametrize("lookalike", [None, "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=10) as sandbox:
        if lookalike:
            await sandbox.break_(lookalike)
        result = await run(FAULT, sandbox, **WHOLE)
    assert (result.document.verdict, result.document.cause) == ("healthy", None), result.document.summary
