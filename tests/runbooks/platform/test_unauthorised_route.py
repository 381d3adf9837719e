"""unauthorised_route through papermill: its fault in three variants, an expired token, a healthy application, less evidence."""

from pathlib import Path

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "unauthorised_route"
CHANGED = {
    "default": "handle<Context>(withAuth(async (_request, { params }) =>",
    "matcher": '"/api/account/:path*", "/api/invoices/:path*"',
}


def kept(folder):
    """Everything a run left, as bytes."""
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("variant", ["default", "matcher"])
async def test_it_names_the_route_and_guards_it(fresh_sandbox, run, variant):
    """As its neighbours are; neither tokens nor answers are kept."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
        tokens = [
            Path(fault.parameters[name].removeprefix("file:")).read_bytes().partition(b"=")[2]
            for name in ("credentials_a", "credentials_b")
        ]
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert CHANGED[variant] in document.fix.patch
    assert [secret in kept(result.folder) for secret in tokens] == [False] * 2


async def test_another_customer_is_answered(fresh_sandbox, run):
    """What a person must compare is said; with an expired token nothing is."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="tenant") as fault:
        result = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
        Path(fault.parameters["credentials_a"].removeprefix("file:")).write_text("Cookie: session=long-gone")
        expired = await run(FAULT, sandbox, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert any("owner" in each for each in document.follow_ups), document.follow_ups
    assert (expired.document.verdict, expired.document.cause, "expired" in expired.document.summary) == ("inconclusive", None, True)


async def test_routes_that_refuse_are_healthy_and_without_any_nothing_is_known(fresh_sandbox, run):
    """From outside alone, too."""
    async with fresh_sandbox(services=WEB) as sandbox:
        results = [await run(FAULT, sandbox, systems=("api",), private=private) for private in ("GET /api/me, GET /api/orders/7", "")]
    assert [(r.document.verdict, r.document.cause) for r in results] == [("healthy", None), ("inconclusive", None)], results[
        0
    ].document.summary
