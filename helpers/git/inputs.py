"""What one input of a route demands: whether it must be there, its type, and its limits, as the code declares them."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.git.project import Module, Project, dotted
from helpers.git.routes import alias_of

__all__ = ["Declared", "Input", "class_of", "declared", "is_model"]

MODELS = (".BaseModel", "sqlmodel.SQLModel")
DATACLASSES = ("dataclasses.dataclass", "pydantic.dataclasses.dataclass")
LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern", "regex", "multiple_of", "max_digits", "decimal_places", "strict")


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a client gives; `name` is its place as the errors of pydantic have it, without positions: `body.items.sku`."""

    name: str
    required: bool
    type: str
    limits: tuple[str, ...]
    file: str
    line: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """An annotation with its default, taken apart: `calls` are those that describe it (`Query(…)`, `Field(…)`, `Depends(…)`)."""

    annotation: ast.expr
    module: Module
    calls: tuple[ast.Call, ...]
    required: bool

    def called(self, *names: str) -> ast.Call | None:
        """Return the call that describes it and has one of these names."""
        return next((call for call in self.calls if dotted(call.func).rpartition(".")[2] in names), None)

    def text(self, keyword: str) -> str:
        """Return a keyword's literal text, as of an alias; empty when it has none."""
        values = (k.value for call in self.calls for k in call.keywords if k.arg == keyword)
        return next((v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)), "")

    def limits(self) -> tuple[str, ...]:
        """Return its limits, such as `le=100`."""
        return tuple(sorted(f"{k.arg}={ast.unparse(k.value)}" for call in self.calls for k in call.keywords if k.arg in LIMITS))

    def models(self, project: Project) -> Iterator[tuple[str, Module, ast.ClassDef]]:
        """Yield the models its type names, each with the name it has here."""
        for node in ast.walk(self.annotation):
            found = class_of(project, self.module, dotted(node)) if isinstance(node, ast.Name | ast.Attribute) else None
            if found is not None and is_model(project, *found):
                yield dotted(node), *found

    def type_text(self, project: Project) -> str:
        """Return the type's text; models are `object`, since their fields are compared, and an enumeration's members are part of it."""
        models = {name for name, _, _ in self.models(project)}
        text = ast.unparse(_Renamed(models).visit(ast.parse(ast.unparse(self.annotation), mode="eval")))
        for node in ast.walk(self.annotation):
            found = class_of(project, self.module, dotted(node)) if isinstance(node, ast.Name | ast.Attribute) else None
            if found is not None and dotted(node) not in models:
                text += " " + hashlib.sha256("\n".join(ast.unparse(line) for line in found[1].body).encode()).hexdigest()[:8]
        return text


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("object") if node.id in self.names else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Name("object") if dotted(node) in self.names else self.generic_visit(node)


def declared(project: Project, module: Module, annotation: ast.expr, default: ast.expr | None) -> Declared:
    """Return an annotation taken apart; names for annotations are followed, also through imports."""
    calls: list[ast.Call] = []
    for _ in range(5):
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = _parsed(annotation)
        if isinstance(annotation, ast.Subscript) and dotted(annotation.value).rpartition(".")[2] == "Annotated":
            inside = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
            calls += [each for each in inside[1:] if isinstance(each, ast.Call)]
            annotation = inside[0]
            continue
        named, where = alias_of(project, module, annotation.id) if isinstance(annotation, ast.Name) else (None, module)
        if not isinstance(named, ast.Subscript | ast.BinOp):
            break
        annotation, module = named, where
    described = default if isinstance(default, ast.Call) and _describes(default) else None
    if described is not None:
        calls.append(described)
    return Declared(annotation, module, tuple(calls), _is_required(calls, default, described))


def _parsed(annotation: ast.Constant) -> ast.expr:
    try:
        return ast.parse(str(annotation.value), mode="eval").body
    except SyntaxError:
        return annotation


def _describes(default: ast.Call) -> bool:
    names = ("Query", "Path", "Header", "Cookie", "Body", "Form", "File", "Depends", "Security", "Field")
    return dotted(default.func).rpartition(".")[2] in names


def _is_required(calls: list[ast.Call], default: ast.expr | None, described: ast.Call | None) -> bool:
    """Without a default, or with `...` as one; `Field(gt=0)` alone gives none."""
    if any(
        keyword.arg in ("default", "default_factory") and not _is_ellipsis(keyword.value) for call in calls for keyword in call.keywords
    ):
        return False
    if described is not None:
        return not described.args or _is_ellipsis(described.args[0])
    return default is None or _is_ellipsis(default)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def class_of(project: Project, module: Module, name: str) -> tuple[Module, ast.ClassDef] | None:
    """Return the project's class a name stands for, also through a package that re-exports it."""
    meaning = f"{module.name}.{name}" if name in module.classes else module.meaning(name)
    for _ in range(6):
        owner, _, last = meaning.rpartition(".")
        where = project.modules.get(owner)
        if where is None:
            return None
        if last in where.classes:
            return where, where.classes[last]
        if last not in where.imports:
            return None
        meaning = where.imports[last]
    return None


def is_model(project: Project, module: Module, node: ast.ClassDef, depth: int = 0) -> bool:
    """Whether a class is a model that FastAPI reads from a request."""
    if any(module.meaning(dotted(d.func if isinstance(d, ast.Call) else d)) in DATACLASSES for d in node.decorator_list):
        return True
    for base in node.bases:
        name = dotted(base.value if isinstance(base, ast.Subscript) else base)
        found = class_of(project, module, name)
        if found is None and f".{module.meaning(name)}".endswith(MODELS):
            return True
        if found is not None and depth < 8 and is_model(project, *found, depth + 1):
            return True
    return False
