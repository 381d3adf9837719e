"""Every rule finds its breach, in its cell, with what would be right; a sound notebook of anybody's has none."""

import json
from pathlib import Path

import pytest

from helpers.errors import UsageError
from helpers.runner.lint import lint, notebooks

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "runbooks" / "postgres" / "missing_index.ipynb"


@pytest.fixture
def edited(tmp_path):
    """A runbook of somebody's own, with `old` replaced by `new` in the cell of that id; returns its path and its cells' numbers by id."""

    def make(cell_id, old, new, *, name="missing_index", **fields):
        book = json.loads(SOUND.read_text())
        numbers = {cell["id"]: number for number, cell in enumerate(book["cells"], 1)}
        cell = book["cells"][numbers[cell_id] - 1]
        text = "".join(cell["source"])
        assert old in text
        cell.update({"source": text.replace(old, new, 1), **fields})
        path = tmp_path / f"{name}.ipynb"
        path.write_text(json.dumps(book))
        return path, numbers

    return make


BREACHES = [
    ("no_outputs", "open", "", "", {"execution_count": 3}, "open", "holds the outputs"),
    ("cell_ids", "open", "", "", {"id": "title"}, "open", "another cell's"),
    ("cell_ids", "open", "", "", {"id": "12345678-ab"}, "open", "is a number"),
    ("opening", "title", "# A", "A", {}, "title", "title"),
    ("opening", "title", "\n> One", "\n> More\n> One", {}, "title", "2 lines of summary"),
    ("opening", "when", "**May change**", "It changes", {}, "when", "**May change**"),
    ("short_cells", "open", "incident = ", "x = 1\n" * 9 + "incident = ", {}, "open", "lines of code"),
    ("text_before_code", "open-text", "", "", {"cell_type": "code", "source": "pass"}, "open", "no text before"),
    ("parameters_cell", "parameters", "  # whether the fix may be applied", "", {}, "parameters", "no comment behind `apply"),
    ("parameters_cell", "parameters", "10.0 ", "float(10) ", {}, "parameters", "only literals"),
    ("parameters_cell", "parameters", "confirm =", "confirmed =", {}, "parameters", "no parameter confirm"),
    ("parameters_cell", "parameters", "", "", {"metadata": {}}, "title", "no cell is tagged"),
    ("six_steps", "fix", "## 4. Fix:", "## 4. Repair:", {}, "fix", "is not step 4"),
    ("six_steps", "verify", "## 5. Verify: the same probe, and nothing else got worse", "## 5. Verify", {}, "verify", "is not step 5"),
    ("six_steps", "document", "## ", "### ", {}, "document-report", "step 6, Document, is missing"),
    ("six_steps", "verify-probe", "await incident.verify()", "pass", {}, "verify", "does not call incident.verify"),
    ("own_name", "open", '"missing_index"', '"other"', {}, "open", "an incident of 'other'"),
    ("own_name", "open", "open_incident(", "close_incident(", {}, "title", "opens no incident"),
    ("no_logic", "conclude", "incident", "if diagnosis:\n    incident", {}, "conclude", "`if` (line 1) branches"),
    ("no_logic", "conclude", "incident", "f = lambda: 1\nincident", {}, "conclude", "`lambda`"),
    ("no_logic", "conclude", "incident", "%pip install x\nincident", {}, "conclude", "is a magic"),
    ("no_logic", "conclude", "incident", "q = 'select a from b'\nincident", {}, "conclude", "SQL"),
    ("no_logic", "conclude", "incident", "incident incident", {}, "conclude", "not Python"),
    (
        "members_exist",
        "fix-index",
        "create_index",
        "creat_index",
        {},
        "fix-index",
        "there is no postgres.creat_index; Did you mean create_index",
    ),
    ("members_exist", "open", "http, logs", "htp, logs", {}, "open", "helpers has no htp"),
    ("members_exist", "open", "http, logs, postgres", "http, logs", {}, "reproduce-probe", "postgres is not imported"),
    ("members_exist", "open", "from helpers.incident", "from helpers.accident", {}, "open", "there is no helpers.accident"),
    ("handed_over", "open", ', "window_s": window_s', "", {}, "open", "not handed window_s"),
    ("no_secrets", "parameters", 'query = ""', 'query = "postgres://a:hunter22@db/x"', {}, "parameters", "postgres://a:•••@db/x`"),
    ("no_secrets", "parameters", 'query = ""', 'api_token = "hunter22"', {}, "parameters", "api_token=•••"),
    ("no_secrets", "when", "One request", "password=hunter22 One request", {}, "when", "password=•••"),
]


@pytest.mark.parametrize(("rule", "cell_id", "old", "new", "fields", "at", "said"), BREACHES, ids=lambda v: str(v)[:30])
def test_a_breach_is_found_in_its_cell(edited, rule, cell_id, old, new, fields, at, said):
    """What is shown is one line, and never the secret."""
    path, numbers = edited(cell_id, old, new, **fields)
    found = [one for one in lint(path) if one.rule == rule]
    assert any(said in str(one) and one.problem.cell == numbers[at] for one in found), [str(one) for one in lint(path)]
    assert all("\n" not in str(one) and "hunter22" not in str(one) for one in found)


def test_a_notebook_of_somebody_else_is_sound_anywhere(tmp_path):
    """What holds for ours alone, the cell that asks who was hit and the fault of its name, is not asked of it."""
    book = json.loads(SOUND.read_text())
    book["cells"] = [cell for cell in book["cells"] if not cell["id"].startswith("isolate-hit")]
    mine = tmp_path / "runbooks" / "mine" / "missing_index.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps(book))
    assert lint(mine) == []
    (tmp_path / "helpers" / "sandbox" / "faults").mkdir(parents=True)
    assert {one.rule for one in lint(mine)} >= {"who_was_hit", "own_name"}


def test_the_cell_that_asks_who_was_hit_is_the_same_in_all_of_ours(edited, tmp_path):
    """Its words, its code, and its place."""
    (tmp_path / "helpers" / "sandbox" / "faults").mkdir(parents=True)
    folder = tmp_path / "runbooks" / "postgres"
    folder.mkdir(parents=True)
    for cell_id, old in (("isolate-hit-text", "It names no cause."), ("isolate-hit", "hit = "), ("isolate", "2. Isolate")):
        path, _ = edited(cell_id, old, "x = ")
        found = lint(path.rename(folder / path.name))
        assert "who_was_hit" in {one.rule for one in found}, cell_id


def test_a_reference_and_a_description_of_a_secret_are_none(edited):
    """`env:NAME` is how it is meant."""
    path, _ = edited("parameters", 'query = ""', 'api_token = "env:TOKEN"  # such as Cookie: …, and more\nquery = ""')
    assert {one.rule for one in lint(path)} == {"handed_over"}


def test_more_than_thirty_cells_are_too_many(edited):
    """Or fewer than twelve."""
    path, _ = edited("title", "", "")
    book = json.loads(path.read_text())
    for count, cells in ((31, book["cells"] * 2), (5, book["cells"])):
        path.write_text(json.dumps({**book, "cells": cells[:count]}))
        assert f"it has {count} cells" in str([str(one) for one in lint(path)])


@pytest.mark.parametrize("text", ["", "[]", '{"cells": [1]}', '{"cells": [{"cell_type": "code"}]}', '{"cells": []}', "\xff"])
def test_what_is_no_notebook_is_a_problem_of_its_own(tmp_path, text):
    """No traceback."""
    (tmp_path / "mine.ipynb").write_text(text, encoding="latin-1")
    assert lint(tmp_path / "mine.ipynb") != []


def test_paths_are_files_folders_or_nothing(tmp_path):
    """Hidden copies are left out; without a path every runbook and tour is checked."""
    (tmp_path / ".ipynb_checkpoints").mkdir()
    for name in ("a.ipynb", ".ipynb_checkpoints/a.ipynb"):
        (tmp_path / name).write_text("{}")
    found = notebooks([tmp_path, tmp_path / "a.ipynb"])
    names = {path.name for path in notebooks([])}
    assert (found, {"missing_index.ipynb", "triage.ipynb", "1_start_here.ipynb"} <= names) == ([tmp_path / "a.ipynb"], True)
    for wrong in (tmp_path / "b.ipynb", tmp_path / "profiles.toml", tmp_path / ".ipynb_checkpoints" / "empty"):
        with pytest.raises(UsageError, match="no notebook"):
            notebooks([wrong])
