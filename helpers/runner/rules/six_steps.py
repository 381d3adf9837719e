"""Six steps, always in this order, each a heading that states its condition and each with its call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpers.runner.notebook import Notebook, Problem

__all__ = ["STEPS", "six_steps"]

STEPS = {
    "Reproduce": ("reproduce",),
    "Isolate": ("isolate",),
    "Investigate": ("conclude", "cause", "no_cause"),
    "Fix": ("fix",),
    "Verify": ("verify",),
    "Document": ("document",),
}
_HEADING = re.compile(r"## (\d+)\. (\w+): \S.*")


def six_steps(book: Notebook) -> Iterator[Problem]:
    """Yield headings of a runbook that are not the next step's, steps that are missing, and steps without their call."""
    if not book.is_runbook:
        return
    found: list[tuple[int, str]] = []
    for cell in book.cells:
        for line in cell.text.splitlines() if cell.kind == "markdown" else ():
            if line.startswith("## "):
                yield from _heading(line, len(found), cell.number)
                found.append((cell.number, line))
    last = book.cells[-1].number if book.cells else 1
    for number, step in list(enumerate(STEPS, 1))[len(found) :]:
        yield Problem(last, f"step {number}, {step}, is missing", _wanted(number))
    yield from _calls(book, found, last)


def _wanted(number: int) -> str:
    return (
        f"`## {number}. {list(STEPS)[number - 1]}: what holds then, as a sentence`" if number <= len(STEPS) else "### for what is no step"
    )


def _heading(line: str, before: int, cell: int) -> Iterator[Problem]:
    match = _HEADING.fullmatch(line)
    wanted = list(STEPS)[before] if before < len(STEPS) else ""
    if match is None or match.groups() != (str(before + 1), wanted):
        yield Problem(
            cell, f"`{line[:60]}` is not step {before + 1}" if wanted else f"`{line[:60]}` is a seventh step", _wanted(before + 1)
        )


def _calls(book: Notebook, found: list[tuple[int, str]], last: int) -> Iterator[Problem]:
    """Of each step in turn: between its heading and the next there is `incident.fix(…)`, and so on."""
    ends = [number for number, _ in found[1:]] + [last + 1]
    for (start, _), end, (step, calls) in zip(found, ends, STEPS.items(), strict=False):
        code = "\n".join(cell.text for cell in book.code if start <= cell.number < end)
        if not any(re.search(rf"\bincident\.{call}\(", code) for call in calls):
            yield Problem(start, f"the step {step} does not call incident.{calls[0]}", f"a code cell with `incident.{calls[0]}(…)`")
