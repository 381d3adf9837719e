"""Where Python reads environment variables, and whether it can do without: `os.environ`, `os.getenv`, pydantic settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from helpers.git.project import Module, Project, dotted
from helpers.variables.known import EnvRead

__all__ = ["python_reads"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def python_reads(project: Project) -> Iterator[EnvRead]:
    """Yield every read of code that is no test's."""
    for module in project.modules.values():
        if not module.is_test:
            yield from _environ(module)
            for node in module.classes.values():
                yield from _settings(module, node)


def _environ(module: Module) -> Iterator[EnvRead]:
    defaulted = {id(part.values[0]) for part in ast.walk(module.tree) if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.Or)}
    for node in ast.walk(module.tree):
        name, need = _read(module, node)
        if _NAME.fullmatch(name):
            yield EnvRead(name, module.path, getattr(node, "lineno", 0), "optional" if id(node) in defaulted else need, "os.environ")


def _read(module: Module, node: ast.AST) -> tuple[str, str]:
    """Return the variable a node reads, and its need; empty for any other node."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and module.meaning(dotted(node.value)) == "os.environ":
        return _text(node.slice), "required"
    if isinstance(node, ast.Call) and node.args and module.meaning(dotted(node.func)) in ("os.getenv", "os.environ.get"):
        return _text(node.args[0]), "optional" if len(node.args) > 1 or node.keywords else "unknown"
    if isinstance(node, ast.Compare) and len(node.comparators) == 1 and module.meaning(dotted(node.comparators[0])) == "os.environ":
        return _text(node.left), "optional"
    return "", ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _settings(module: Module, node: ast.ClassDef) -> Iterator[EnvRead]:
    """Yield the fields of a pydantic BaseSettings. Source: pydantic-settings documentation (env_prefix, validation_alias)."""
    if not any(module.meaning(dotted(base)).endswith("pydantic_settings.BaseSettings") for base in node.bases):
        return
    prefix = next((_keyword(part.value, "env_prefix") for part in node.body if isinstance(part, ast.Assign)), "")
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and "ClassVar" not in ast.unparse(part.annotation):
            alias = _keyword(part.value, "validation_alias") or _keyword(part.value, "alias")
            name = alias or f"{prefix}{part.target.id}".upper()
            yield EnvRead(name, module.path, part.lineno, "required" if _is_bare(part.value) else "optional", "settings")


def _keyword(call: ast.expr | None, name: str) -> str:
    found = [_text(one.value) for one in call.keywords if one.arg == name] if isinstance(call, ast.Call) else []
    return found[0] if found else ""


def _is_bare(value: ast.expr | None) -> bool:
    """Return whether a field has no default: nothing, `...`, or `Field(…)` without one."""
    if value is None or (isinstance(value, ast.Constant) and value.value is ...):
        return True
    if not isinstance(value, ast.Call) or not dotted(value.func).endswith("Field"):
        return False
    given = bool(value.args) and not (isinstance(value.args[0], ast.Constant) and value.args[0].value is ...)
    return not given and not any(one.arg in ("default", "default_factory") for one in value.keywords)
