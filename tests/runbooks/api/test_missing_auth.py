"""missing_auth through papermill: its fault in three variants, open documentation, a healthy application, look-alikes, less evidence."""

from pathlib import Path

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
FAULT = "missing_auth"


def kept(folder):
    """Everything a run left, as bytes."""
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("variant", ["default", "router"])
async def test_it_names_the_route_and_guards_it(fresh_sandbox, run, variant):
    """As its neighbours are; neither tokens nor answers are kept."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
        tokens = [Path(fault.parameters[name].removeprefix("file:")).read_bytes() for name in ("credentials_a", "credentials_b")]
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), (
        document.summary
    )
    assert (document.fix.name, document.fix.applied, "Depends(signed_in)" in document.fix.patch) == ("add_guard", False, True)
    left = kept(result.folder)
    assert [secret in left for secret in (*tokens, b"1 Long Street", b"customer7@example.com")] == [False] * 4


async def test_another_tenant_is_answered(fresh_sandbox, run):
    """What a person must compare is said; no patch is guessed."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="tenant") as fault:
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert "another tenant" in document.summary
    assert any("owner" in each for each in document.follow_ups), document.follow_ups
    assert b"1 Long Street" not in kept(result.folder)


async def test_without_the_code_the_route_is_named_all_the_same(fresh_sandbox, run):
    """The patch is a person's."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("api",)}, **fault.parameters)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found"), (
        result.document.summary
    )


async def test_open_documentation_in_production_is_a_finding_of_its_own(fresh_sandbox, run):
    """And its patch closes it."""
    async with fresh_sandbox() as sandbox:
        result = await run(FAULT, sandbox, production=True, **WHOLE)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == ("GET /openapi.json, GET /docs, GET /redoc", "cause_found"), (
        document.summary
    )
    assert "openapi_url=None" in document.fix.patch


async def test_an_expired_token_is_not_it(fresh_sandbox, run):
    """Everybody is refused, the first tenant, too."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant="tenant") as fault:
        Path(fault.parameters["credentials_a"].removeprefix("file:")).write_text("long-gone-token")
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
    assert (result.document.verdict, result.document.cause) == ("inconclusive", None), result.document.summary
    assert "expired" in result.document.summary


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        if lookalike:
            await sandbox.break_(lookalike)
        result = await run(FAULT, sandbox, **WHOLE)
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary
