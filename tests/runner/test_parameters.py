"""Parameters: read from literals, strict, and every mistake told at once."""

from typing import Any

import pytest

from helpers.errors import ParameterError, UsageError
from helpers.runner.declared import Parameter, declared_parameters
from helpers.runner.parameters import check_parameters, parameter_model, parse_assignments

CELL = """
profile = "sandbox"; apply = False  # apply the fix
slo_p95_ms = 150   # milliseconds
share = 0.5
columns = ["a", "b"]  # JSON
limit: int | None = None
query = None
"""
DECLARED = declared_parameters(CELL)


def test_the_cell_declares_types_defaults_and_descriptions() -> None:
    """A trailing comment is the description; None may become text unless annotated."""
    assert [
        Parameter("profile", "str", "sandbox", "apply the fix"),
        Parameter("apply", "bool", False, "apply the fix"),
        Parameter("slo_p95_ms", "int", 150, "milliseconds"),
        Parameter("share", "float", 0.5, ""),
        Parameter("columns", "list[str]", ["a", "b"], "JSON"),
        Parameter("limit", "int | None", None, ""),
        Parameter("query", "str | None", None, ""),
    ] == DECLARED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("profile=007", "007"),
        ("profile=true", "true"),
        ("profile=a=b", "a=b"),
        ("profile=", ""),
        ("apply=yes", True),
        ("apply=OFF", False),
        ("slo_p95_ms=-3", -3),
        ("share=2", 2.0),
        ("share=1e3", 1000.0),
        ('columns=["x"]', ["x"]),
        ("limit=none", None),
        ("limit=5", 5),
        ("query=select 1", "select 1"),
    ],
)
def test_a_text_is_read_as_its_parameters_type(text: str, value: Any) -> None:
    """Nothing is guessed from how a value looks."""
    ((_, found),) = parse_assignments([text], DECLARED).items()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["slo_p95_ms=1.5", "slo_p95_ms=1_000", "slo_p95_ms=", "share=nan", "apply=2", "columns=x", "columns=[1]", "n"]
)
def test_an_ill_typed_text_is_refused(text: str) -> None:
    """An int refuses 1.5, a float refuses nan, a list refuses what is not JSON of its items' type."""
    with pytest.raises(ParameterError):
        parse_assignments([text], DECLARED)


def test_every_problem_is_told_at_once() -> None:
    """The near miss, the expected type and the default are in the text."""
    with pytest.raises(ParameterError) as caught:
        parse_assignments(["slo_p95=1", "apply=maybe", "share=1", "share=2"], DECLARED)
    known = "Known: profile, apply, slo_p95_ms, share, columns, limit, query."
    assert caught.value.reason.splitlines() == [
        f"There is no parameter slo_p95. Did you mean slo_p95_ms? {known}",
        "apply must be true or false (bool), not 'maybe'; its default is False.",
        "share is given twice.",
    ]


@pytest.mark.parametrize(
    "values", [{"slo_p95_ms": "150"}, {"slo_p95_ms": True}, {"apply": 1}, {"profile": 7}, {"share": "1"}, {"colums": []}]
)
def test_typed_values_are_checked_strictly(values: dict[str, Any]) -> None:
    """No text for a number, no bool for an int, no int for a bool."""
    with pytest.raises(ParameterError):
        check_parameters(values, DECLARED)


def test_an_int_is_fine_where_a_float_is_wanted() -> None:
    """It becomes a float."""
    assert check_parameters({"share": 1}, DECLARED) == {"share": 1.0}


def test_a_secret_is_not_told_back() -> None:
    """An ill-typed value under a secret's name is masked."""
    with pytest.raises(ParameterError) as caught:
        parse_assignments(["api_token=canary12345"], declared_parameters("api_token = 5"))
    assert "canary12345" not in str(caught.value)


@pytest.mark.parametrize("cell", ["x = open('f')", "import os", "x = y = 1", "x = {1: 2}", "x = (1,)", "x, y = 1, 2", "x ="])
def test_a_cell_of_more_than_literals_is_refused(cell: str) -> None:
    """It is never executed to find out."""
    with pytest.raises(UsageError):
        declared_parameters(cell)


def test_the_model_is_strict_and_keeps_defaults() -> None:
    """What nobody gave is the notebook's own value."""
    assert parameter_model(DECLARED)().model_dump() == {p.name: p.default for p in DECLARED}
