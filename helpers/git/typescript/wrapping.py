"""Pass a handler through the functions its neighbours pass through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.git.edits import Edit
from helpers.git.typescript.handlers import Handler
from helpers.git.typescript.source import Script

__all__ = ["module_of_name", "wrapped"]


def wrapped(handler: Handler, wrappers: Sequence[str], *, inside: bool = False) -> list[Edit]:
    """Return the edits that pass a handler through `wrappers`, the outermost first; a declared function becomes an arrow function.

    `inside`: within what it passes through already, about its own function.
    """
    node, script = handler.node, handler.script
    opening, closing = "".join(f"{name}(" for name in wrappers), ")" * len(wrappers)
    if inside and handler.wrappers and handler.body is not None and handler.body.type != "function_declaration":
        return [
            Edit(handler.body.start_byte, handler.body.start_byte, opening),
            Edit(handler.body.end_byte, handler.body.end_byte, closing),
        ]
    if node.type != "function_declaration":
        return [Edit(node.start_byte, node.start_byte, opening), Edit(node.end_byte, node.end_byte, closing)]
    given, block = node.child_by_field_name("parameters"), node.child_by_field_name("body")
    is_async = script.raw[node.start_byte : given.start_byte].decode().lstrip().startswith("async")
    head = f"const {handler.method} = {opening}{'async ' if is_async else ''}{script.text(given)} => "
    return [Edit(node.start_byte, block.start_byte, head), Edit(node.end_byte, node.end_byte, f"{closing};")]


def module_of_name(name: str, scripts: Mapping[str, Script]) -> str:
    """Return the module others import a name from, as they write it; only one that is the same from every folder."""
    written = {script.imports[name][0] for script in scripts.values() if name in script.imports}
    return next((module for module in sorted(written) if not module.startswith(".")), "")
