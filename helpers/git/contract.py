"""What each route demands of a request, read from the code: parameters of handlers and dependencies, and the fields of models."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from helpers.git.inputs import Declared, Input, class_of, declared, is_model
from helpers.git.project import Function, Module, Project, dotted
from helpers.git.routes import Route, routes_of

__all__ = ["contract_of"]

PLACES = {"Query": "query", "Path": "path", "Header": "header", "Cookie": "cookie", "Body": "body", "Form": "body", "File": "body"}
GIVEN = ("Request", "Response", "WebSocket", "BackgroundTasks", "HTTPConnection", "SecurityScopes")  # by the framework, not by the client
VALIDATORS = ("field_validator", "validator")
MODEL_VALIDATORS = ("model_validator", "root_validator")
DEEPEST = 6

Found = tuple[ast.arg, Declared, Function]


def contract_of(project: Project) -> dict[str, dict[str, Input]]:
    """Return route (`POST /orders`) → name of the input → what is demanded of it."""
    return {str(route): {each.name: each for each in _inputs(project, route)} for route in routes_of(project)}


def _inputs(project: Project, route: Route) -> Iterator[Input]:
    bodies: list[Found] = []
    for function in (route.handler, *route.dependencies):
        for argument, default in _arguments(function.node.args):
            if argument.annotation is None or argument.arg in ("self", "cls"):
                continue
            one = declared(project, function.module, argument.annotation, default)
            place = _place(project, route, argument, one)
            if place == "body":
                bodies.append((argument, one, function))
            elif place:
                yield from _parameter(project, place, (argument, one, function))
    for argument, one, function in bodies:
        marked = one.called("Body")
        embedded = len(bodies) > 1 or one.called("Form", "File") or not list(one.models(project))
        embedded = embedded or bool(marked and any(k.arg == "embed" for k in marked.keywords))
        yield from _body(project, f"body.{one.text('alias') or argument.arg}" if embedded else "body", (argument, one, function))


def _arguments(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    given = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(given) - len(arguments.defaults))
    yield from zip(given, [*missing, *arguments.defaults], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _place(project: Project, route: Route, argument: ast.arg, one: Declared) -> str:
    """Return where a parameter comes from, by the rules of FastAPI; empty when the client does not give it."""
    if one.called("Depends", "Security") or dotted(one.annotation).rpartition(".")[2] in GIVEN:
        return ""
    marked = one.called(*PLACES)
    if marked is not None:
        return PLACES[dotted(marked.func).rpartition(".")[2]]
    if f"{{{argument.arg}}}" in route.path or f"{{{argument.arg}:" in route.path:
        return "path"
    return "body" if list(one.models(project)) or dotted(one.annotation).endswith("UploadFile") else "query"


def _parameter(project: Project, place: str, found: Found) -> Iterator[Input]:
    argument, one, function = found
    models = list(one.models(project))
    if models:  # a model of query parameters: each of its fields is one
        for _, module, node in models:
            yield from _fields(project, module, node, place, 0)
        return
    name = one.text("alias") or (argument.arg.replace("_", "-") if place == "header" else argument.arg)
    required = one.required or place == "path"
    where = (function.module.path, argument.lineno, function.name)
    yield Input(f"{place}.{name}", required, one.type_text(project), one.limits(), *where)


def _body(project: Project, name: str, found: Found) -> Iterator[Input]:
    argument, one, function = found
    rules = tuple(rule for _, module, node in one.models(project) for rule in _model_rules(module, node))
    yield Input(name, one.required, one.type_text(project), (*one.limits(), *rules), function.module.path, argument.lineno, function.name)
    for _, module, node in one.models(project):
        yield from _fields(project, module, node, name, 0)


def _fields(project: Project, module: Module, node: ast.ClassDef, prefix: str, depth: int) -> Iterator[Input]:
    """Yield the fields of a model, those it inherits first, and the fields of models within."""
    if depth > DEEPEST:
        return
    for base in node.bases:
        found = class_of(project, module, dotted(base))
        if found is not None and is_model(project, *found):
            yield from _fields(project, *found, prefix, depth + 1)
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        own = statement.target.id
        one = declared(project, module, statement.annotation, statement.value)
        if own.startswith("_") or own == "model_config" or "ClassVar" in ast.unparse(statement.annotation):
            continue
        name = f"{prefix}.{one.text('validation_alias') or one.text('alias') or own}"
        inner = list(one.models(project))
        limits = (*one.limits(), *_validators(node, own), *(r for _, m, n in inner for r in _model_rules(m, n)))
        yield Input(name, one.required, one.type_text(project), limits, module.path, statement.lineno, node.name)
        for _, where, model in inner:
            if model is not node:
                yield from _fields(project, where, model, name, depth + 1)


def _validators(node: ast.ClassDef, name: str) -> list[str]:
    """Return the validators of a field, with a digest of what they do: another one may reject what the last one took."""
    found = []
    for statement in node.body:
        for decorator in getattr(statement, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and dotted(decorator.func).rpartition(".")[2] in VALIDATORS:
                names = [argument.value for argument in decorator.args if isinstance(argument, ast.Constant)]
                if name in names or "*" in names:
                    found.append(f"validator {getattr(statement, 'name', '')} {_digest(statement)}")
    return found


def _model_rules(module: Module, node: ast.ClassDef) -> Iterator[str]:
    """Yield what a model demands as a whole: validators over several fields, and that nothing else is given."""
    for statement in node.body:
        for decorator in getattr(statement, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if dotted(called).rpartition(".")[2] in MODEL_VALIDATORS:
                yield f"validator {getattr(statement, 'name', '')} {_digest(statement)}"
        if "model_config" in ast.unparse(statement)[:14] or (isinstance(statement, ast.ClassDef) and statement.name == "Config"):
            text = ast.unparse(statement).replace('"', "'")
            if "forbid" in text:
                yield "extra=forbid"


def _digest(node: ast.AST) -> str:
    return hashlib.sha256(ast.unparse(node).encode()).hexdigest()[:8]
