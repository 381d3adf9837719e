"""Guard a route as its neighbours are guarded: the dependency that refuses strangers, in its decorator."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass

from helpers.errors import FixFailed
from helpers.git.connect import Checkout
from helpers.git.edits import Edit, changed, diff_of, span
from helpers.git.patches import CodePatch, Patch
from helpers.git.project import Module, read_project

__all__ = ["AddGuard"]


@dataclass(frozen=True)
class AddGuard(CodePatch):
    """Patch the handler `function` of `file`, so that `route` depends on `guard`, a dotted name such as `shop.auth.signed_in`.

    Where another tenant is answered, a guard of strangers does not help: `tenant` True says so, and no patch is made.
    """

    route: str
    file: str = ""
    function: str = ""
    guard: str = ""
    tenant: bool = False

    async def made(self, checkout: Checkout) -> Patch:
        """Return the patch. Raises FixFailed when the handler or the guard is not known; its remedy says what a person would do."""
        if self.tenant:
            remedy = f"In the handler of {self.route}{f' ({self.file})' if self.file else ''}: compare the row's owner with who asks, and answer 404."
            raise FixFailed(
                "It checks that somebody signed in, and not whose data it is: which column says so is not for a tool to guess.",
                remedy=remedy,
            )
        if not self.file or not self.guard:
            raise FixFailed("The handler or the guard of its neighbours is not known.", remedy="Name the checkout as the profile's `code`.")
        project = await read_project(checkout)
        module = next((one for one in project.modules.values() if one.path == self.file), None)
        if module is None or self.function not in module.functions:
            raise FixFailed(f"{self.file} holds no {self.function}.", remedy="Is the checkout at the version that runs?")
        source = checkout.text(self.file)
        after = await asyncio.to_thread(self._guarded, source, module)
        body = f"{self.route} answered without credentials; its neighbours depend on {self.guard}. Now it does, too."
        advice = (
            "Put the guard on the router or on a package of routers, so that a new route has it without anybody thinking of it.",
            "Keep a test that asks every route without credentials and expects 401, those left out being listed.",
            "What was readable may have been read: look at the log for who asked, and since when.",
        )
        name = self.guard.rpartition(".")[2]
        effects = (f"{self.route} answers 401 without credentials.",)
        return Patch(diff_of(self.file, source, after), f"fix: guard {self.route} by {name}"[:72], body, effects, advice)

    def _guarded(self, source: str, module: Module) -> str:
        node = module.functions[self.function].node
        decorators = [one for one in node.decorator_list if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
        if not decorators:
            raise FixFailed(f"{self.function} has no decorator of a route.", remedy="Add the dependency where the route is made.")
        where, _, name = self.guard.rpartition(".")
        edits = [edit for one in decorators for edit in _depends(source, one, name)]
        wanted = [("fastapi", "Depends"), *([(where, name)] if where != module.name else [])]
        lines = [f"from {owner} import {each}\n" for owner, each in wanted if module.imports.get(each) != f"{owner}.{each}"]
        at = _behind_imports(source, module.tree)
        return changed(source, [*edits, *([Edit(at, at, "".join(lines))] if lines else [])])


def _depends(source: str, decorator: ast.Call, name: str) -> list[Edit]:
    listed = next((keyword.value for keyword in decorator.keywords if keyword.arg == "dependencies"), None)
    if isinstance(listed, ast.List):
        start = span(source, listed)[0] + 1
        return [Edit(start, start, f"Depends({name}){', ' if listed.elts else ''}")]
    end = span(source, decorator)[1] - 1
    before = source.encode()[:end].decode().rstrip()
    if before.endswith(",") and decorator.end_lineno != decorator.lineno:  # one argument a line: this is one more
        at, last = len(before.encode()), [*decorator.args, *(keyword.value for keyword in decorator.keywords)][-1]
        indent = source.splitlines()[last.lineno - 1]
        return [Edit(at, at, f"\n{indent[: len(indent) - len(indent.lstrip())]}dependencies=[Depends({name})],")]
    comma = "" if before.endswith(("(", ",")) else ", "
    return [Edit(end, end, f"{comma}dependencies=[Depends({name})]")]


def _behind_imports(source: str, tree: ast.Module) -> int:
    """Return the first byte of the line behind the last import at the top of a module."""
    last = max((n.end_lineno or 0 for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)), default=0)
    return sum(len(line) for line in source.encode().splitlines(keepends=True)[:last])
