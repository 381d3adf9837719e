"""shared_cache_leak through papermill: its fault in two variants, what is the same for all, a healthy application, less evidence."""

from pathlib import Path

import pytest

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code")}
WEB = ("postgres", "redis", "web")
FAULT = "shared_cache_leak"


def kept(folder):
    """Everything a run left, as bytes."""
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("variant", ["default", "cdn_header"])
async def test_it_names_the_route_and_the_header(fresh_sandbox, run, variant):
    """With a patch and the purge; neither tokens nor answers are kept."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
        cookies = [
            Path(fault.parameters[name].removeprefix("file:")).read_bytes().partition(b"=")[2]
            for name in ("credentials_a", "credentials_b")
        ]
    document = result.document
    said = document.cause.subject if document.cause else ""
    assert (said, document.verdict, result.exit_code) == (fault.subject, "cause_found", 1), document.summary
    assert '"private, no-store"' in document.fix.patch
    assert [secret in kept(result.folder) for secret in (*cookies, b"customer7@", b"customer8@")] == [False] * 4


async def test_what_each_is_given_alone_is_healthy_and_what_is_the_same_is_not_decided(fresh_sandbox, run):
    """A private route; prices, which are everybody's; an expired token."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT, variant="cdn_header") as fault:
        own = await run(FAULT, sandbox, **WHOLE, **{**fault.parameters, "endpoint": "GET /api/me"})
        same = await run(FAULT, sandbox, **WHOLE, **{**fault.parameters, "endpoint": "GET /api/prices"})
        Path(fault.parameters["credentials_a"].removeprefix("file:")).write_text("Cookie: session=long-gone")
        expired = await run(FAULT, sandbox, **WHOLE, **{**fault.parameters, "endpoint": "GET /api/me"})
    assert [(r.document.verdict, r.document.cause) for r in (own, same, expired)] == [
        ("healthy", None),
        ("inconclusive", None),
        ("inconclusive", None),
    ]
    assert "unauthorised_route" in same.document.summary
    assert "refuses A (401)" in expired.document.summary


async def test_from_outside_alone_the_cache_is_named(fresh_sandbox, run):
    """The header is a person's to find."""
    async with fresh_sandbox(services=WEB) as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, systems=("api",), **fault.parameters)
    assert (result.document.verdict, result.document.cause and result.document.cause.subject) == (
        "cause_found",
        "GET /api/me: kept by x-vercel-cache: HIT",
    ), result.document.summary
