"""n_plus_one through papermill: its fault in two variants, a healthy application, look-alikes, less evidence; and its parts."""

import pytest

from helpers.errors import FixFailed
from helpers.postgres.fixes.batch_statement import batched

WHOLE = {"systems": ("postgres", "redis", "api", "logs", "code"), "window_s": 5.0}
FAULT = "n_plus_one"


@pytest.mark.parametrize(("variant", "place"), [("default", "shop/routes/orders.py"), ("directory", "shop/directory.py")])
async def test_it_names_route_and_statement_and_batches_it(fresh_sandbox, run, variant, place):
    """With others' traffic on the same route meanwhile."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT, variant=variant) as fault:
        result = await run(FAULT, sandbox, apply=True, **WHOLE, **fault.parameters)
    document = result.document
    assert (document.cause and document.cause.subject, document.verdict) == (fault.subject, "cause_found"), document.summary
    assert ("= ANY($1)" in document.fix.patch, any(place in because for because in document.cause.because)) == (True, True)


async def test_without_the_code_it_is_named_all_the_same(fresh_sandbox, run):
    """The server counts the calls."""
    async with fresh_sandbox() as sandbox, sandbox.fault(FAULT) as fault:
        result = await run(FAULT, sandbox, **{**WHOLE, "systems": ("postgres", "api")}, **fault.parameters)
    assert (result.document.cause and result.document.cause.subject, result.document.verdict) == (fault.subject, "cause_found"), (
        result.document.summary
    )


@pytest.mark.parametrize("lookalike", [None, "slow_client", "crawler", "load_test", "uneventful_deploy"])
async def test_healthy_and_what_only_looks_broken(fresh_sandbox, run, lookalike):
    """Nothing is named."""
    async with fresh_sandbox(load_rps=5) as sandbox:
        given = (await sandbox.break_(lookalike)).parameters if lookalike else {"endpoint": "GET /orders?customer_id=42"}
        result = await run(FAULT, sandbox, **WHOLE, **given)
    assert (result.document.verdict, result.document.cause) in {("healthy", None), ("inconclusive", None)}, result.document.summary


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("select sku from order_items where order_id = $1", "order_id"),
        ("SELECT * FROM public.users u WHERE u.id = $1 AND NOT u.gone", "id"),
    ],
)
def test_a_statement_of_one_value_is_batched(statement, column):
    """With the column it is compared with, so that rows can be told apart."""
    text, found = batched(statement)
    assert (found, "= ANY($1)" in text) == (column, True)


@pytest.mark.parametrize(
    "statement",
    [
        "select a from t where b = $1 limit 1",
        "select count(*) from t where b = $1",
        "select a from t where b = $1 and c = $2",
        "select a from t where b > $1",
        "update t set a = 1 where b = $1",
        "select a from t where b = (select max(x) from u where y = $1)",
        "not sql at all (",
    ],
)
def test_what_is_another_question_for_many_values_is_refused(statement):
    """And says what to do by hand."""
    with pytest.raises(FixFailed) as refused:
        batched(statement)
    assert refused.value.remedy
