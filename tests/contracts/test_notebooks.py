"""A runbook reads like a good colleague, and is committed without outputs: the rules that `runbook lint` asks, of every notebook here."""

from pathlib import Path

import pytest

from helpers.runner.notebook import read_notebook
from helpers.runner.rules import rule, rule_names

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted(p for p in (ROOT / "runbooks").glob("*/*.ipynb"))
TOURS = [ROOT / "runbooks" / "triage.ipynb", *sorted((ROOT / "notebooks").glob("*.ipynb"))]
NOTEBOOKS = [*RUNBOOKS, *TOURS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize("name", rule_names())
def test_it_keeps_the_rule(path, name):
    """helpers/runner/rules/: each has its reason in its first line."""
    assert list(rule(name)(read_notebook(path))) == []


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_the_rules_for_runbooks_of_this_project_are_asked(path):
    """None is taken for a tour, or for a notebook of somebody else."""
    book = read_notebook(path)
    assert (book.is_runbook, book.checkout) == (True, ROOT)


@pytest.mark.parametrize("path", TOURS, ids=lambda p: p.stem)
def test_a_tour_is_no_runbook(path):
    """It has no six steps."""
    assert not read_notebook(path).is_runbook


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_no_select_is_written_in_its_code(path):
    """Not even in a comment, but for the words in which a parameter asks for one."""
    code = "\n".join(cell.text for cell in read_notebook(path).code)
    assert "SELECT " not in code.upper().replace("THE SLOW SELECT", "")


def test_every_rule_says_why():
    """Its first line is for people."""
    titles = {name: (ROOT / "helpers" / "runner" / "rules" / f"{name}.py").read_text().splitlines()[0] for name in rule_names()}
    assert [name for name, title in titles.items() if not title.startswith('"""') or len(title) < 30] == []
