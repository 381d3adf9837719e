"""pooler_prepared_statements through papermill: its fault, poolers that are sound, none at all, a server that goes."""

import json

import pytest

from helpers.errors import UsageError
from helpers.sandbox.services.pgbouncer import pgbouncer_binary

try:
    pgbouncer_binary()
except UsageError as missing:
    pytestmark = pytest.mark.skip(reason=str(missing))

NAME = "pooler_prepared_statements"


@pytest.mark.parametrize("variant", ["default", "pool_per_role", "named_by_hand"])
async def test_it_names_pooler_and_driver_and_proves_the_setting(fresh_sandbox, run, catalog, variant):
    """Named, with the setting as text; the proof is that the same transactions do not fail without prepared statements."""
    async with fresh_sandbox(services=("postgres",)) as sandbox, sandbox.fault(NAME, variant=variant) as fault:
        before = await catalog(sandbox)
        result = await run(NAME, sandbox, apply=True, **fault.parameters)
        after = await catalog(sandbox)
    document = result.document
    proof = [said for said in document.cause.because if "as the proposed setting makes it, 0 of 60 transactions failed" in said]
    assert (document.cause.subject, document.verdict, result.exit_code, len(proof)) == (fault.subject, "cause_found", 1, 1)
    assert (document.fix.applicable, document.fix.applied, "statement_cache_size=0" in document.fix.patch, after) == (False, False, True, before)
