"""Who calls whom in a project, by name: certain where a name stands for one thing, possible where only the method's name is known."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.project import Function, Project, dotted

__all__ = ["Call", "CallGraph", "calls_in"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call in a function: `meaning` is the dotted name it stands for (`time.sleep`), `target` the project's function, if it is one."""

    caller: Function
    node: ast.Call
    meaning: str
    target: Function | None
    certain: bool

    @property
    def line(self) -> int:
        """The line it is on."""
        return self.node.lineno


class CallGraph:
    """The calls of every function of the project, tests left out."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._methods: dict[str, list[Function]] = defaultdict(list)
        for function in project.functions():
            if function.owner:
                self._methods[function.short].append(function)
        self.calls: dict[Function, list[Call]] = {f: [self._call(f, node) for node in calls_in(f.node)] for f in project.functions()}
        self.callers: dict[Function, list[Call]] = defaultdict(list)
        for calls in self.calls.values():
            for call in calls:
                if call.target is not None:
                    self.callers[call.target].append(call)

    def _call(self, caller: Function, node: ast.Call) -> Call:
        name = dotted(node.func)
        meaning, certain = self.meaning(caller, name) if name else ("", False)
        target = self.project.function(meaning) if meaning else None
        if target is None and isinstance(node.func, ast.Attribute) and not _is_known(caller, name):
            same = self._methods.get(node.func.attr, [])
            if len(same) == 1:
                return Call(caller, node, meaning or f"?.{node.func.attr}", same[0], certain=False)
        return Call(caller, node, meaning or (f"?.{node.func.attr}" if isinstance(node.func, ast.Attribute) else ""), target, certain)

    def meaning(self, caller: Function, name: str) -> tuple[str, bool]:
        """Return what a dotted name in a function stands for, and whether that is certain."""
        module = caller.module
        first, _, rest = name.partition(".")
        if first == "self" and caller.owner:
            attribute, _, more = rest.partition(".")
            made = module.made.get(f"{caller.owner}.{attribute}")
            if made and more:
                return f"{made}.{more}", True
            return f"{module.name}.{caller.owner}.{rest}", True
        typed = _annotation(caller, first)
        if typed and rest:
            return f"{module.meaning(typed)}.{rest}", True
        local = _assigned(caller, first)
        if local and rest:
            return f"{module.meaning(local)}.{rest}", True
        if f"{caller.name}.{first}" in module.functions:  # a function inside this one
            return f"{module.name}.{caller.name}.{name}", True
        made = module.made.get(first)
        if made and rest:
            return f"{made}.{rest}", True
        return module.meaning(name), True


def _is_known(caller: Function, name: str) -> bool:
    """Whether the object is a library's, as far as imports tell: its methods are not the project's."""
    return bool(name) and name.partition(".")[0] in caller.module.imports


def _annotation(caller: Function, name: str) -> str:
    """Return the class a parameter is annotated with; of `X | None` and `Annotated[X, …]` the X."""
    arguments = caller.node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.arg == name and argument.annotation is not None:
            return _class_of(argument.annotation)
    return ""


def _class_of(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _class_of(ast.parse(annotation.value, mode="eval").body)
        except SyntaxError:
            return ""
    if isinstance(annotation, ast.BinOp):
        return _class_of(annotation.left)
    if isinstance(annotation, ast.Subscript) and dotted(annotation.value).endswith(("Annotated", "Optional")):
        inner = annotation.slice
        return _class_of(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
    return dotted(annotation)


def _assigned(caller: Function, name: str) -> str:
    """Return what a local name was constructed by: `client = requests.Session()`, `with httpx.Client() as client`."""
    for node in ast.walk(caller.node):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and any(dotted(target) == name for target in node.targets):
            return dotted(node.value.func)
        if isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Call) and dotted(node.optional_vars or ast.Pass()) == name:
            return dotted(node.context_expr.func)
    return ""


def calls_in(function: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that run when the function does: not those of functions and lambdas that are only defined in it."""
    inside = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    stack: list[ast.AST] = list(getattr(function, "body", []))
    while stack:
        node = stack.pop()
        if isinstance(node, inside):
            continue
        if isinstance(node, ast.Call):
            yield node
        stack.extend(ast.iter_child_nodes(node))
