"""unindexed_foreign_key through papermill: its fault in three schemas, a healthy server, its neighbours, a server that goes."""

import pytest


@pytest.mark.parametrize("variant", ["default", "composite", "partitioned"])
async def test_it_finds_and_makes_the_index(fresh_sandbox, run, variant):
    """With nothing but the expectation: the columns are named, the index made, and the same lookups say resolved."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault("unindexed_foreign_key", variant=variant) as fault:
        result = await run("unindexed_foreign_key", sandbox, apply=True, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict, result.exit_code) == (fault.subject, "resolved", 0), (
        document.summary
    )
