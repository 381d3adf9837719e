"""Which functions a commit changed: those of Python whose own code differs, by name; comments and layout are no change."""

from __future__ import annotations

import ast
import asyncio

from helpers.errors import BadAnswer
from helpers.git.connect import Checkout
from helpers.git.project import Module, parsed
from helpers.git.revisions import text_at

__all__ = ["MODULE", "changed_functions", "differing", "files_changed"]

MODULE = "<module>"  # what stands outside of functions, as Python's own tracebacks call it
MOST_FILES = 200


async def files_changed(checkout: Checkout, before: str, now: str) -> list[str]:
    """Return the files that differ between two commits, relative to the root."""
    listed = await checkout.git(
        "diff", "--relative", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "-z", before, now, "--"
    )
    return sorted(name for name in listed.split("\0") if name)


async def changed_functions(checkout: Checkout, before: str, now: str) -> list[tuple[str, str]]:
    """Return (file, function) of what differs between two commits, in Python; function is MODULE for code outside of functions.

    Raises:
        SystemProblem: git cannot be run, or more than MOST_FILES files differ.

    """
    names = [name for name in await files_changed(checkout, before, now) if name.endswith(".py")]
    if len(names) > MOST_FILES:
        raise BadAnswer("code", f"{len(names)} files differ between {before[:10]} and {now[:10]}.")
    found: list[tuple[str, str]] = []
    for name in names:
        old, new = await _text(checkout, before, name), await _text(checkout, now, name)
        found += [(name, function) for function in await asyncio.to_thread(differing, old, new, name)]
    return found


async def _text(checkout: Checkout, commit: str, name: str) -> str:
    try:
        return await text_at(checkout, commit, name)
    except BadAnswer:  # added or removed by the commit
        return ""


def differing(old: str, new: str, name: str = "module.py") -> list[str]:
    """Return the functions that differ between two texts of a file, in the order of the new one, MODULE last; pure."""
    was, now = _parts(old, name), _parts(new, name)
    if was is None or now is None:
        return [MODULE]  # it does not parse: nobody can say which
    changed = [key for key in now if was.get(key) != now[key]] + [key for key in was if key not in now]
    return sorted(changed, key=lambda key: key == MODULE)


def _parts(text: str, name: str) -> dict[str, str] | None:
    """Return each function's own code, without that of functions inside it; None when it does not parse."""
    project = parsed([name], lambda _: text)
    if project.unread:
        return None
    module: Module = next(iter(project.modules.values()))
    inner = {function.node for function in module.functions.values()}
    parts = {function.name: _own(function.node, inner) for function in module.functions.values()}
    return {**parts, MODULE: _own(module.tree, inner)}


def _own(node: ast.AST, inner: set[ast.FunctionDef | ast.AsyncFunctionDef]) -> str:
    text = ast.dump(node)
    for each in ast.walk(node):
        if each is not node and each in inner:
            text = text.replace(ast.dump(each), "")
    return text
