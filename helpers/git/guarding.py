"""Which functions keep strangers out of a route: those that refuse with 401 or 403, or ask for credentials by a security scheme."""

from __future__ import annotations

import ast

from helpers.git.callgraph import CallGraph
from helpers.git.inputs import declared
from helpers.git.project import Function, Project, dotted
from helpers.git.routes import Route

__all__ = ["guards_of", "refuses"]

CODES = ("401", "403")
NAMED = ("UNAUTHORIZED", "FORBIDDEN")  # http.HTTPStatus, starlette.status.HTTP_401_UNAUTHORIZED
SCHEMES = "fastapi.security."
DEEPEST = 3


def guards_of(graph: CallGraph, route: Route) -> list[str]:
    """Return the dotted names of what guards a route: dependencies, security schemes, or its own handler."""
    found = [name_of(function) for function in route.dependencies if refuses(graph, function) or _schemes(graph.project, function)]
    found += _schemes(graph.project, route.handler)
    if refuses(graph, route.handler):
        found.append(name_of(route.handler))
    return list(dict.fromkeys(found))


def name_of(function: Function) -> str:
    """Return a function's dotted name."""
    return f"{function.module.name}.{function.name}"


def refuses(graph: CallGraph, function: Function, depth: int = 0) -> bool:
    """Whether a function raises 401 or 403, itself or in one that it calls."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Raise) and node.exc is not None:
            text = ast.unparse(node.exc)
            if any(code in text for code in CODES) or any(name in text.upper() for name in NAMED):
                return True
    inner = [call.target for call in graph.calls.get(function, ()) if call.target is not None]
    return depth < DEEPEST and any(refuses(graph, target, depth + 1) for target in inner if target is not function)


def _schemes(project: Project, function: Function) -> list[str]:
    """Return the security schemes that `Depends` names in a signature, such as an HTTPBearer of the module."""
    arguments, found = function.node.args, []
    given = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(given) - len(arguments.defaults)), *arguments.defaults]
    for argument, default in [*zip(given, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        one = declared(project, function.module, argument.annotation or ast.Name("object"), default)
        call = one.called("Depends", "Security")
        target = call.args[0] if call is not None and call.args else None
        if isinstance(target, ast.Call) and one.module.meaning(dotted(target.func)).startswith(SCHEMES):
            found.append(one.module.meaning(dotted(target.func)))
        elif target is not None and _made(project, one.module.meaning(dotted(target))).startswith(SCHEMES):
            found.append(one.module.meaning(dotted(target)))
    return found


def _made(project: Project, name: str) -> str:
    """Return what constructed a module's name; empty when that is not known."""
    owner, _, last = name.rpartition(".")
    module = project.modules.get(owner)
    return module.made.get(last, "") if module else ""
