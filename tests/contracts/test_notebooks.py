"""A runbook reads like a good colleague, and is committed without outputs."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted(p for p in (ROOT / "runbooks").glob("*/*.ipynb"))
NOTEBOOKS = [*RUNBOOKS, *sorted((ROOT / "notebooks").glob("*.ipynb"))]
HIT_TEXT = (
    "Who meets it: the routes that fail or are slow in the application's own log, and since when, where the profile has `logs`. "
    "It names no cause."
)
HIT_CODE = "hit = await incident.check(logs.who_was_hit)\nhit"
STEPS = ["Reproduce", "Isolate", "Investigate", "Fix", "Verify", "Document"]


def cells(path):
    return [(c["cell_type"], "".join(c["source"]), c) for c in json.loads(path.read_text())["cells"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_is_committed_without_outputs_and_with_named_cells(path):
    """Stable ids make diffs readable; runs go to incidents/."""
    raw = [c for _, _, c in cells(path)]
    ids = [c["id"] for c in raw]
    ran = [c["id"] for c in raw if c["cell_type"] == "code" and (c["outputs"] or c["execution_count"])]
    assert (ran, len(set(ids)), all(not i[:8].isdigit() for i in ids)) == ([], len(ids), True)


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_it_has_the_six_steps_in_order_each_stating_its_condition(path):
    """`## 1. Reproduce: users wait longer than they may expect`."""
    headings = [line for kind, text, _ in cells(path) if kind == "markdown" for line in text.splitlines() if line.startswith("## ")]
    assert [h.split(". ", 1)[1].split(":", 1)[0] for h in headings] == STEPS


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_it_opens_with_title_summary_needs_and_changes(path):
    """What a person on call must know before running it."""
    opening = "\n".join(text for kind, text, _ in cells(path)[:2] if kind == "markdown")
    wanted = ("# ", "\n> ", "**When to use it.**", "**What it means for users.**", "**Needs**", "**May change**")
    assert [w for w in wanted if w not in opening] == []


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_it_is_12_to_30_cells_of_at_most_12_lines_with_text_before_each(path):
    """One idea each."""
    kinds = [(kind, len(text.splitlines())) for kind, text, _ in cells(path)]
    bare = [i for i in range(1, len(kinds)) if kinds[i][0] == "code" and kinds[i - 1][0] == "code" and kinds[i][1] > 4]
    longest = max(lines for kind, lines in kinds if kind == "code")
    assert (12 <= len(kinds) <= 30, longest <= 12, bare) == (True, True, [])


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_it_defines_nothing_and_branches_nowhere(path):
    """No def, no if, no loop, no SQL, no %magic: that is work for helpers/."""
    code = "\n".join(text for kind, text, _ in cells(path) if kind == "code")
    tree = compile(code, str(path), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    banned = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.Try, ast.Lambda)
    found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, banned)]
    assert (found, "SELECT " in code.upper().replace("THE SLOW SELECT", "")) == ([], False)


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_its_parameters_are_typed_literals_with_a_description(path):
    """A comment behind each says what it is, with its unit."""
    cell = next(text for _, text, c in cells(path) if "parameters" in c["metadata"].get("tags", []))
    assert [line for line in cell.splitlines() if "  # " not in line] == []
    for node in ast.parse(cell).body:
        ast.literal_eval(node.value)


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_its_name_is_its_cause_code(path):
    """One grep finds the runbook, its fault and its tests."""
    code = "\n".join(text for kind, text, _ in cells(path) if kind == "code")
    fault = ROOT / "helpers" / "sandbox" / "faults" / path.parent.name / f"{path.stem}.py"
    assert (f'open_incident("{path.stem}"' in code, fault.is_file()) == (True, True)


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda p: p.stem)
def test_it_asks_the_logs_who_was_hit_while_it_isolates(path):
    """One short cell with one sentence before it, the same everywhere: whoever knows one runbook knows it in all."""
    raw = cells(path)
    places = {c["id"]: number for number, (_, _, c) in enumerate(raw)}
    text, code = places["isolate-hit-text"], places["isolate-hit"]
    headings = [t.splitlines()[0] for kind, t, _ in raw[:code] if kind == "markdown" and t.startswith("## ")]
    assert (raw[text][1], raw[code][1], code - text, "Isolate" in headings[-1]) == (HIT_TEXT, HIT_CODE, 1, True)
