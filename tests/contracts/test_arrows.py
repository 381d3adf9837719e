"""The tree is the architecture: imports point downwards, only connect.py knows a driver, files stay small."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "helpers"
FILES = sorted(ROOT.rglob("*.py"))
SYSTEMS = ("postgres", "redis", "logs", "http", "vercel", "git")
ORDER = ["cli", "serve", "drill", "triage", "runner", "report", "sandbox", "incident", "system", "alerts", "small"]
DRIVERS = {"asyncpg", "redis", "httpx"}


def room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    if first in SYSTEMS:
        return "system"
    return first if first in ORDER else "small"


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def target_room(name: str) -> tuple[str, str] | None:
    parts = name.split(".")
    if parts[0] != "helpers" or len(parts) < 2:
        return None
    first = parts[1]
    return ("system" if first in SYSTEMS else first if first in ORDER else "small"), first


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path):
    """cli → serve → drill → triage → runner → report → sandbox → incident → systems → alerts → small rooms; fakes may reach into the loop they fake."""
    if path.name == "fakes.py":
        return
    here, wrong = room(path), []
    for name in imported(path):
        target = target_room(name)
        if target is None or name == "helpers":
            continue
        if ORDER.index(target[0]) < ORDER.index(here):
            wrong.append(name)
        if here == "system" and target[0] == "system" and target[1] != path.relative_to(ROOT).parts[0]:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("path", [f for f in FILES if room(f) in ("incident", "system", "small")], ids=lambda p: str(p.relative_to(ROOT)))
def test_only_connect_imports_a_driver(path):
    """The sandbox's own application aside, a driver is one file's business."""
    if path.name == "connect.py":
        return
    assert {name.split(".")[0] for name in imported(path)} & DRIVERS == set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_over_300_lines(path):
    """One idea, one room."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_the_median_file_is_at_most_120_lines():
    """Most ideas are smaller."""
    lengths = sorted(len(p.read_text(encoding="utf-8").splitlines()) for p in FILES)
    assert lengths[len(lengths) // 2] <= 120


def test_no_function_is_over_25_statement_lines():
    """Counted without its docstring and signature."""
    long = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and body[-1].end_lineno - body[0].lineno + 1 > 25:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {body[-1].end_lineno - body[0].lineno + 1}")
    assert long == []
