"""The routes of a FastAPI or Starlette application, read from its code: path, method, handler, and what it depends on."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.project import Function, Module, Project, dotted

__all__ = ["Route", "alias_of", "dependencies_of", "routes_of"]

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
ROUTERS = (
    "fastapi.FastAPI",
    "fastapi.APIRouter",
    "fastapi.applications.FastAPI",
    "fastapi.routing.APIRouter",
    "starlette.applications.Starlette",
)


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One route; `dependencies` are the project's functions it depends on, directly or by its router and application."""

    method: str
    path: str
    handler: Function
    dependencies: tuple[Function, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True, eq=False)
class _Router:
    """A name that holds a router: its own prefix, and where it is included."""

    module: Module
    name: str
    prefix: str
    dependencies: list[Function]
    included: list[tuple[str, str, list[Function]]]  # key of the including router, prefix, dependencies


def routes_of(project: Project) -> list[Route]:
    """Return the routes of every router in the project, tests left out, by path; each under every prefix it is included with."""
    routers = {key: router for module in project.modules.values() if not module.is_test for key, router in _routers(project, module)}
    for module in project.modules.values():
        if not module.is_test:
            _included(project, module, routers)
    found = [route for function in project.functions() for route in _of_handler(project, function, routers)]
    return sorted(found, key=lambda route: (route.path, route.method))


def _routers(project: Project, module: Module) -> Iterator[tuple[str, _Router]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            if module.meaning(dotted(node.value.func)) not in ROUTERS:
                continue
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                name = dotted(target)
                prefix = _text(_keyword(node.value, "prefix")) or _text(_keyword(node.value, "root_path"))
                listed = _listed(project, module, _keyword(node.value, "dependencies"))
                yield f"{module.name}.{name}", _Router(module, name, prefix, listed, [])


def _included(project: Project, module: Module, routers: dict[str, _Router]) -> None:
    """Note every `app.include_router(x.router, prefix=…)`, also in a loop over a literal tuple of modules."""
    loops: dict[str, list[str]] = defaultdict(list)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Tuple | ast.List):
            loops[node.target.id] += [dotted(element) for element in node.iter.elts]
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "include_router" and node.args):
            continue
        outer, given = f"{module.name}.{dotted(node.func.value)}", dotted(node.args[0])
        first, _, rest = given.partition(".")
        for name in [f"{each}.{rest}" if rest else each for each in loops[first]] if first in loops else [given]:
            inner = routers.get(_key(project, module.meaning(name), routers))
            if inner is not None:
                listed = _listed(project, module, _keyword(node, "dependencies"))
                inner.included.append((outer, _text(_keyword(node, "prefix")), listed))


def _key(project: Project, name: str, routers: dict[str, _Router]) -> str:
    """Return the router's key for a name, also one that a package re-exports."""
    for _ in range(5):
        if name in routers:
            return name
        owner, _, last = name.rpartition(".")
        module = project.modules.get(owner)
        if module is None or last not in module.imports:
            return ""
        name = module.imports[last]
    return ""


def _of_handler(project: Project, function: Function, routers: dict[str, _Router]) -> Iterator[Route]:
    for decorator in function.node.decorator_list:
        if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
            continue
        verb, name = decorator.func.attr, dotted(decorator.func.value)
        router = routers.get(f"{function.module.name}.{name}") or routers.get(_key(project, function.module.meaning(name), routers))
        if router is None or verb not in (*METHODS, "api_route", "route", "websocket"):
            continue
        path = _text(decorator.args[0] if decorator.args else _keyword(decorator, "path"))
        own = [*dependencies_of(project, function), *_listed(project, function.module, _keyword(decorator, "dependencies"))]
        for method in _methods(decorator, verb):
            for prefix, more in _prefixes(router, routers, 0):
                yield Route(method, (prefix + path) or "/", function, tuple(dict.fromkeys([*own, *more])))


def _methods(decorator: ast.Call, verb: str) -> list[str]:
    listed = _keyword(decorator, "methods")
    if isinstance(listed, ast.List | ast.Tuple | ast.Set):
        return [_text(element).upper() for element in listed.elts]
    return ["GET" if verb in ("api_route", "route") else verb.upper()]


def _prefixes(router: _Router, routers: dict[str, _Router], depth: int) -> list[tuple[str, list[Function]]]:
    if depth > 5 or not router.included:
        return [(router.prefix, router.dependencies)]
    found = []
    for outer, prefix, listed in router.included:
        above = routers.get(outer)
        for before, more in _prefixes(above, routers, depth + 1) if above else [("", [])]:
            found.append((before + prefix + router.prefix, [*more, *listed, *router.dependencies]))
    return found


def dependencies_of(project: Project, function: Function, depth: int = 0) -> list[Function]:
    """Return the project's functions that `Depends(…)` names in a function's signature, and those that these depend on."""
    arguments = function.node.args
    given = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    given += [a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if a.annotation is not None]
    found: list[Function] = []
    for expression in given:
        for target in _depends(project, function.module, expression, 0):
            if target not in found and depth < 8:
                found += [target, *dependencies_of(project, target, depth + 1)]
    return list(dict.fromkeys(found))


def _depends(project: Project, module: Module, expression: ast.AST, depth: int) -> Iterator[Function]:
    """Yield what `Depends(x)`/`Security(x)` names, also where the annotation is a name for `Annotated[…, Depends(x)]`."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and module.meaning(dotted(node.func)).endswith((".Depends", ".Security")) and node.args:
            target = project.function(module.meaning(dotted(node.args[0])))
            if target is not None:
                yield target
        elif isinstance(node, ast.Name) and depth < 3:
            alias, where = alias_of(project, module, node.id)
            if alias is not None:
                yield from _depends(project, where, alias, depth + 1)


def alias_of(project: Project, module: Module, name: str) -> tuple[ast.expr | None, Module]:
    """Return the expression a module-level name stands for, here or where it was imported from."""
    for _ in range(4):
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and any(dotted(target) == name for target in node.targets):
                return node.value, module
            if isinstance(node, ast.AnnAssign) and dotted(node.target) == name:
                return node.value, module
        owner, _, last = module.imports.get(name, "").rpartition(".")
        if owner not in project.modules:
            return None, module
        module, name = project.modules[owner], last
    return None, module


def _listed(project: Project, module: Module, listed: ast.expr | None) -> list[Function]:
    if listed is None:
        return []
    found = list(_depends(project, module, listed, 0))
    return list(dict.fromkeys(each for target in found for each in (target, *dependencies_of(project, target))))


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
