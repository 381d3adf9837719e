"""slow_upstream through papermill: its fault in three variants, a healthy application, look-alikes, less evidence."""

import pytest

from helpers.incident.evidence import audit

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 8.0}
FAULT = "slow_upstream"


@pytest.mark.parametrize(
    ("variant", "changed"),
    [
        ("default", "_carrier = httpx.AsyncClient(timeout=2)"),
        ("retries", "range(2)"),
        ("in_transaction", "_provider = httpx.AsyncClient(timeout=2)"),
    ],
)
async def test_it_names_the_host_and_bounds_the_call(fresh_sandbox, run, variant, changed):
    """The patch is at the very call, and nothing that runs is changed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, changed in document.fix.patch, audit(result.folder)) == ("bound_call", False, True, [])


async def test_without_runtime_lines_it_is_inconclusive_and_lists_the_candidates(fresh_sandbox, run):
    """The code shows a call without a bound; that it is the slow one is not proven."""
    systems = {**WHOLE, "systems": ("api", "logs", "code")}
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        for path in (sandbox.folder / "logs").glob("shop-api*.ndjson"):
            path.rename(path.with_suffix(".old"))  # the application goes on writing there
        (sandbox.folder / "logs" / "shop-api-0.ndjson").write_text(
            '{"event": "request", "timestamp": "2026-03-03T08:00:00Z", "level": "info", "http_response_status_code": 200, "duration_ms": 3}\n'
        )
        result = await run(FAULT, sandbox, **systems, **fault.parameters)
    document = result.document
    assert (document.verdict, document.cause, document.broken) == ("inconclusive", None, None)
    assert "shop/quotes.py" in document.summary, document.summary


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {"endpoint": "GET /orders?customer_id=42"}
        result = await run(FAULT, sandbox, **WHOLE, **given)
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary


async def test_a_blocked_event_loop_is_not_it(fresh_sandbox, run):
    """Everything waits there, and the right runbook is named."""
    async with fresh_sandbox() as sandbox, sandbox.fault("event_loop_blocked", variant="retry") as fault:
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
    assert (result.document.verdict, result.document.other) in {("other_cause", "event_loop_blocked"), ("healthy", None)}, (
        result.document.summary
    )
