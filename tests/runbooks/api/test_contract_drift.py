"""contract_drift through papermill: its fault in three variants, a healthy application, look-alikes, less evidence."""

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 5.0}
FAULT = "contract_drift"
CHANGED = {"default": "phone: str | None = Field(None, min_length=5", "nested": "gift: bool | None = None", "query": "= None"}


@pytest.mark.parametrize("variant", ["default", "nested", "query"])
async def test_it_names_the_field_and_relaxes_it(fresh_sandbox, run, variant):
    """At its declaration, and nothing that runs is changed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, CHANGED[variant] in document.fix.patch) == ("relax_field", False, True), (
        document.fix.patch
    )


async def test_without_the_code_the_rejection_itself_names_it(fresh_sandbox, run):
    """A GET may be asked again, and says why it is rejected."""
    systems = {**WHOLE, "systems": ("api", "logs")}
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="query") as fault:
        result = await run(FAULT, sandbox, **systems, **fault.parameters)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found"), (
        result.document.summary
    )


async def test_without_code_and_a_request_to_repeat_it_is_inconclusive(fresh_sandbox, run):
    """That a version rejects is known, and for which field is not."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("logs",)}, **fault.parameters)
    document = result.document
    assert (document.verdict, document.cause, document.broken) == ("inconclusive", None, None)
    assert "POST /orders are rejected since version" in document.summary, document.summary


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {}
        result = await run(FAULT, sandbox, **WHOLE, **{name: value for name, value in given.items() if name in ("route", "request")})
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary
