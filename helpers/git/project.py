"""The Python code of a checkout, parsed: modules, functions, classes, and what names stand for. Nothing is imported."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from helpers.git.connect import Checkout

__all__ = ["Function", "Module", "Project", "dotted", "parsed", "read_project"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
TEST_PARTS = {"test", "tests", "testing", "conftest.py"}


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """One function: `name` is its qualified name in the module, `owner` the class it is a method of."""

    module: Module
    name: str
    node: FunctionNode
    owner: str = ""

    @property
    def is_async(self) -> bool:
        """Whether it is an `async def`."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def short(self) -> str:
        """Its own name."""
        return self.node.name


@dataclass(eq=False)
class Module:
    """One file: `imports` maps a local name to the dotted one it stands for, `made` a name (or `Class.attribute`) to what constructed it."""

    path: str
    name: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    @property
    def is_test(self) -> bool:
        """Whether it lies where tests lie, or is named as one."""
        path = PurePosixPath(self.path)
        return bool(TEST_PARTS & set(path.parts)) or path.name.startswith("test_") or path.stem.endswith("_test")

    def meaning(self, name: str) -> str:
        """Return what a dotted name of this module stands for, with imports replaced: `t.sleep` → `time.sleep`."""
        first, _, rest = name.partition(".")
        known = self.imports.get(first)
        if known is None:
            known = f"{self.name}.{first}" if first in self.functions or first in self.classes or first in self.made else first
        return f"{known}.{rest}" if rest else known


@dataclass(eq=False)
class Project:
    """All modules, by dotted name; `unread` are files that are no Python of this version."""

    modules: dict[str, Module]
    unread: list[str]

    def function(self, name: str) -> Function | None:
        """Return the function of a dotted name (`shop.avatars.Avatars.draw`), also through a package that re-exports it."""
        for _ in range(8):
            module, rest = self._split(name)
            if module is None:
                return None
            if rest in module.functions:
                return module.functions[rest]
            first, _, more = rest.partition(".")
            if rest in module.classes:
                return module.functions.get(f"{rest}.__init__")
            known = module.imports.get(first) or module.made.get(first)
            if not known:
                return None
            name = f"{known}.{more}" if more else known
        return None

    def _split(self, name: str) -> tuple[Module | None, str]:
        """Return the module with the longest name that begins this one, and what is left; a root such as `src` may be missing."""
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            module = self.modules.get(".".join(parts[:end]))
            if module is not None:
                return module, ".".join(parts[end:])
        return None, ""

    def functions(self) -> Iterator[Function]:
        """Yield every function that is no test's."""
        for module in self.modules.values():
            if not module.is_test:
                yield from module.functions.values()


async def read_project(checkout: Checkout) -> Project:
    """Return the checkout's Python, parsed on a thread."""
    names = await checkout.files()
    return await asyncio.to_thread(parsed, names, checkout.text)


def parsed(names: Iterable[str], text: Callable[[str], str]) -> Project:
    """Return the files of these names, parsed; `text` gives what is in one."""
    project = Project({}, [])
    for path in names:
        try:
            tree = ast.parse(text(path))
        except (SyntaxError, ValueError, RecursionError):
            project.unread.append(path)
            continue
        module = Module(path, _module_name(path), tree)
        _Reader(module).visit(tree)
        project.modules[module.name] = module
    return project


def _module_name(path: str) -> str:
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts[0] == "src" and len(parts) > 1:  # the src layout: the folder is no package
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


class _Reader(ast.NodeVisitor):
    """Collects what a module defines and imports."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.scope: list[str] = []
        self.owners: list[str] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            self.module.imports[alias.asname or first] = alias.name if alias.asname else first

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            here = self.module.name.split(".")
            inside = here if self.module.path.endswith("__init__.py") else here[:-1]
            kept = inside[: len(inside) - (node.level - 1)]
            base = ".".join([*kept, *([node.module] if node.module else [])])
        for alias in node.names:
            self.module.imports[alias.asname or alias.name] = f"{base}.{alias.name}"

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        name = ".".join([*self.scope, node.name])
        self.module.classes[name] = node
        self._within(node, node.name, owner=name)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: FunctionNode) -> None:
        name = ".".join([*self.scope, node.name])
        owner = self.owners[-1] if self.owners and self.owners[-1] == ".".join(self.scope) else ""
        self.module.functions[name] = Function(self.module, name, node, owner)
        self._within(node, node.name)

    def _within(self, node: ast.AST, name: str, owner: str = "") -> None:
        self.scope.append(name)
        if owner:
            self.owners.append(owner)
        self.generic_visit(node)
        self.scope.pop()
        if owner:
            self.owners.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        self._made(node.targets, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._made([node.target], node.value)
        self.generic_visit(node)

    def _made(self, targets: list[ast.expr], value: ast.expr) -> None:
        constructor = dotted(value.func) if isinstance(value, ast.Call) else ""
        if not constructor:
            return
        for target in targets:
            name = dotted(target)
            if name and not self.scope:
                self.module.made[name] = self.module.meaning(constructor)
            elif name.startswith("self.") and self.owners:
                self.module.made[f"{self.owners[-1]}.{name.removeprefix('self.')}"] = self.module.meaning(constructor)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of names, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
