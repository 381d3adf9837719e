"""`python -m tests.runbooks.matrix RESULTS PAGE`: docs/matrix.md from the cells a run of the matrix left."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.runbooks.states import AREAS, State, crossed, runbooks, states

Cell = dict[str, Any]
TITLES = {"postgres": "PostgreSQL", "redis": "Redis", "api": "API", "platform": "Platform"}

HEAD = """# What each runbook says of each fault

Written by `make test-matrix`, from runs of every runbook through papermill against every state of its area, on real servers; not edited by hand.
A row is what was broken (a fault and its variant), a column the runbook that was asked.

| sign | means |
| --- | --- |
| **fixed** | its own fault: cause and subject named, fix applied, verified by the same probe, undone where there is an inverse |
| **named** | its own fault: cause and subject named; the fix is a proposal that a person applies |
| → | the symptom is there, and the right other failure mode is named |
| ✓ | healthy: not reproduced, and the checks agree |
| ? | inconclusive: the evidence does not decide, and no cause is named |
| **✗** | wrong: a wrong cause, a wrong name, or no answer |
| · | not crossed: a further variant, tried with its own runbook only |
| … | not run when this page was written |
"""


def sign(cell: Cell | None, *, due: bool) -> str:
    """Return what a cell shows; `due` is whether it belongs to the matrix."""
    if cell is None:
        return "…" if due else "·"
    if cell["wrong"]:
        return "**✗**"
    signs = {"resolved": "**fixed**", "cause_found": "**named**", "other_cause": "→", "healthy": "✓", "inconclusive": "?"}
    return signs[cell["verdict"]]


def page(cells: list[Cell]) -> str:
    """Return the page; of a cell that was run more than once the last counts."""
    found = {(c["state"], c["runbook"]): c for c in cells}
    cells = list(found.values())
    lines = [HEAD]
    for area in AREAS:
        missing = sum((str(s), r) not in found for s in crossed(area) for r in runbooks(area))
        told = [f"**{missing} cells were not run** when this page was written; `make test-matrix` runs all."] if missing else []
        named = {str(s) for s in states(area)}
        lines += [f"## {TITLES[area]}", "", *_totals([c for c in cells if c["state"] in named]), *told, "", *_table(area, found), ""]
    wrong = [f"- `{c['runbook']}` on `{c['state']}`: {c['wrong']}." for c in cells if c["wrong"]]
    return "\n".join([*lines, *(["## Wrong", "", *wrong, ""] if wrong else [])])


def _totals(cells: list[Cell]) -> list[str]:
    own = [c for c in cells if c["code"] == c["runbook"]]
    beside = [c for c in cells if c["code"] != c["runbook"]]
    right = sum(not c["wrong"] for c in own)
    counts = {v: sum(c["verdict"] == v and not c["wrong"] for c in beside) for v in ("healthy", "other_cause", "inconclusive")}
    said = ", ".join(f"{n} {v}" for v, n in counts.items())
    return [f"On the diagonal {right} of {len(own)}; beside it {sum(bool(c['wrong']) for c in beside)} wrong of {len(beside)} ({said})."]


def _table(area: str, found: dict[tuple[str, str], Cell]) -> list[str]:
    names = runbooks(area)
    lines = ["| | " + " | ".join(f"`{n}`" for n in names) + " |", "| --- |" + " :-: |" * len(names)]
    whole = crossed(area)
    for state in states(area):
        signs = [sign(found.get((str(state), n)), due=state in whole or n == state.code) for n in names]
        lines.append(f"| {_label(state)} | " + " | ".join(signs) + " |")
    return lines


def _label(state: State) -> str:
    if not state.fault:
        return "*healthy*"
    name = f"`{state.fault}`" + ("" if state.variant == "default" else f" {state.variant}")
    return name if state.code else f"*{name}* (nothing broken)"


def main(results: str, target: str) -> None:
    """Write the page."""
    cells = [json.loads(line) for line in Path(results).read_text().splitlines()]
    Path(target).write_text(page(cells), encoding="utf-8")
    print(f"{target} written.", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
