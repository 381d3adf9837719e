"""Where TypeScript reads environment variables, and whether it can do without: `process.env.X`, destructured, or by a schema (zod, t3-env, envalid).

A read is required where its absence throws: `!`, a member of it, a guard that throws, a schema's field without a default. It is optional where
it has a default or is asked for first. Anything else is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from helpers.git.typescript.source import Script, walk
from helpers.variables.known import EnvRead

__all__ = ["dynamic_reads", "reads_of"]

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_DEFAULT = re.compile(r"\.(optional|nullish|nullable|default|catch|prefault)\(|\bdefault:")
_WRAPPED = ("parenthesized_expression", "as_expression", "satisfies_expression")
_COMPARED = ("===", "!==", "==", "!=")


def reads_of(script: Script) -> Iterator[EnvRead]:
    """Yield the reads of one file."""
    if b"env" not in script.raw:
        return
    for node in walk(script.root):
        if _is_env(script, node):
            name = _name_read(script, node.parent, node)
            if name and not _is_written(node.parent):
                yield EnvRead(name, script.path, script.line(node), _need(script, node.parent), "process.env")
            yield from _destructured(script, node)
        elif node.type == "call_expression":
            yield from _schema(script, node)


def dynamic_reads(script: Script) -> int:
    """Return how many reads name their variable only when they run: `process.env[name]`."""
    found = 0
    for node in walk(script.root) if b"env" in script.raw else ():
        if _is_env(script, node) and node.parent.type == "subscript_expression":
            found += _name_read(script, node.parent, node) == ""
    return found


def _is_env(script: Script, node: Any) -> bool:
    return node.type == "member_expression" and script.text(node) == "process.env"


def _name_read(script: Script, parent: Any, node: Any) -> str:
    """Return the name in `process.env.X` or `process.env["X"]`."""
    if parent is None or parent.child_by_field_name("object") != node:
        return ""
    part = parent.child_by_field_name("property") or parent.child_by_field_name("index")
    text = script.text(part) if part is not None and part.type in ("property_identifier", "string") else ""
    return text.strip("'\"`") if _NAME.fullmatch(text.strip("'\"`")) else ""


def _is_written(node: Any) -> bool:
    outer = node.parent
    return outer is not None and outer.type == "assignment_expression" and outer.child_by_field_name("left") == node


def _need(script: Script, node: Any) -> str:
    """Return how much the code needs what `node` gives."""
    outer = node.parent
    while outer is not None and outer.type in _WRAPPED and not _is_condition(outer):
        node, outer = outer, outer.parent
    if outer is None:
        return "unknown"
    kind = outer.type
    if kind == "non_null_expression":
        return "required"
    if kind in ("member_expression", "subscript_expression") and outer.child_by_field_name("object") == node:
        return "optional" if any(child.type == "optional_chain" for child in outer.children) else "required"
    if kind == "binary_expression":
        sign = script.text(outer.child_by_field_name("operator"))
        return "optional" if sign in _COMPARED or (sign in ("??", "||", "&&") and outer.child_by_field_name("left") == node) else "unknown"
    if kind == "variable_declarator":
        return _alias_need(script, outer)
    return _asked(script, node, outer)


def _asked(script: Script, node: Any, outer: Any) -> str:
    """Return the need of a read that stands in a condition."""
    negated = outer.type == "unary_expression"
    inner = outer if negated else node
    condition = inner.parent
    if condition is not None and _is_condition(condition):
        return "required" if negated and _throws(script, condition.parent) else "optional"
    if outer.type == "ternary_expression" and outer.child_by_field_name("condition") == node:
        return "optional"
    return "optional" if negated else "unknown"


def _is_condition(node: Any) -> bool:
    return node.parent is not None and node.parent.type == "if_statement" and node.parent.child_by_field_name("condition") == node


def _throws(script: Script, statement: Any) -> bool:
    then = statement.child_by_field_name("consequence")
    return any(
        part.type == "throw_statement" or (part.type == "call_expression" and script.text(part).startswith("process.exit"))
        for part in walk(then, into_functions=False)
    )


def _alias_need(script: Script, declared: Any) -> str:
    """Return the need of `const key = process.env.KEY`, by what becomes of the name in its scope."""
    name = declared.child_by_field_name("name")
    if name.type != "identifier":
        return "unknown"
    scope = declared.parent.parent
    needs = {
        _need(script, part)
        for part in walk(scope)
        if part.type == "identifier"
        and part != name
        and script.text(part) == script.text(name)
        and part.parent.type != "variable_declarator"
    }
    return next((need for need in ("required", "optional") if need in needs), "unknown")


def _destructured(script: Script, node: Any) -> Iterator[EnvRead]:
    """Yield the names of `const { A, B = "x", C: c } = process.env`."""
    declared = node.parent
    if declared is None or declared.type != "variable_declarator" or declared.child_by_field_name("name").type != "object_pattern":
        return
    for part in declared.child_by_field_name("name").named_children:
        text = script.text(part)
        name = re.match(r"\w+", text)
        if name and _NAME.fullmatch(name[0]):
            need = "optional" if part.type == "object_assignment_pattern" else "unknown"
            yield EnvRead(name[0], script.path, script.line(part), need, "process.env")


def _schema(script: Script, call: Any) -> Iterator[EnvRead]:
    """Yield the fields of a schema that is held against the environment."""
    callee = script.text(call.child_by_field_name("function"))
    given = call.child_by_field_name("arguments")
    if given is None or not (callee.endswith(".object") or callee in ("createEnv", "cleanEnv")):
        return
    if callee.endswith(".object") and not re.search(rb"[pP]arse(Async)?\(\s*process\.env\b", script.raw):
        return
    for pair in walk(given):
        if pair.type != "pair":
            continue
        name = script.text(pair.child_by_field_name("key")).strip("'\"")
        value = pair.child_by_field_name("value")
        if _NAME.fullmatch(name) and value.type == "call_expression":
            need = "optional" if _DEFAULT.search(script.text(value)) else "required"
            yield EnvRead(name, script.path, script.line(pair), need, callee)
