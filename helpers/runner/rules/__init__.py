"""The rules of the house for notebooks: one file each, found by folder; the contract tests and `runbook lint` ask the same ones.

A rule is a pure function named like its file, `rule(book) -> problems`; one that holds for runbooks only says nothing of a tour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.folder import load_member
from helpers.runner.notebook import Notebook, Problem

__all__ = ["Rule", "rule", "rule_names"]

Rule = Callable[[Notebook], Iterable[Problem]]


def rule_names() -> list[str]:
    """Return the names of all rules, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def rule(name: str) -> Rule:
    """Return the rule of this name."""
    found: Rule = load_member(f"{__name__}.{name}")
    return found
