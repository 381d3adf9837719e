"""What a notebook shows of a statement is the statement."""

from helpers.incident.views import StepView
from helpers.results import CheckResult, Status

STATEMENT = "select a from t where b = $1 and c = $2"


def test_a_statement_is_no_formula():
    """JupyterLab typesets `$1 … $2` unless it is told not to: in tables, steps and DataFrames."""
    result = CheckResult(Status.OK, [{"query": STATEMENT}], STATEMENT)
    shown = [result._repr_html_(), StepView("fix", "done", "", STATEMENT)._repr_html_(), result.frame()._repr_html_()]
    assert ["mathjax_ignore" in page for page in shown] == [True, True, True]
