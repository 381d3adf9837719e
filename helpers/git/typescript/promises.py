"""Promises that nobody waits for: calls of async functions as statements, and `forEach` with an async function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from helpers.git.typescript.handlers import Handler
from helpers.git.typescript.reach import meant, reached
from helpers.git.typescript.source import Script, walk

__all__ = ["Floating", "floating_of", "function_about"]

FUNCTIONS = ("arrow_function", "function_declaration", "function_expression", "method_definition")
_KNOWN = ("fetch", "globalThis.fetch")


@dataclass(frozen=True, eq=False)
class Floating:
    """One such place: `kind` is call or each, `node` the call, `text` what is called (`query`, `forEach`)."""

    kind: str
    script: Script
    node: Any
    text: str

    @property
    def place(self) -> str:
        """Return `file:line`."""
        return f"{self.script.path}:{self.script.line(self.node)}"


def floating_of(handler: Handler, scripts: Mapping[str, Script]) -> list[Floating]:
    """Return the promises of what a handler reaches that are neither awaited, returned nor handed on; `void` does not wait either."""
    found: dict[str, Floating] = {}
    for script, function in reached(handler, scripts):
        for part in walk(function):
            if part.type == "expression_statement":
                for one in _floating(script, part.named_children[0] if part.named_children else part, scripts):
                    found.setdefault(one.place, one)
    return list(found.values())


def _floating(script: Script, node: Any, scripts: Mapping[str, Script]) -> Iterator[Floating]:
    if node.type == "unary_expression" and script.text(node).startswith("void"):
        node = node.child_by_field_name("argument")
    if node is None or node.type != "call_expression":
        return
    name = script.text(node.child_by_field_name("function"))
    given = node.child_by_field_name("arguments").named_children
    if name.endswith((".forEach", ".map")) and given and _is_async(script, given[0]):
        yield Floating("each", script, node, name.rpartition(".")[2])
    elif name in _KNOWN or any(_is_async(other, inner) for other, inner in meant(script, name, scripts)):
        yield Floating("call", script, node, name)


def _is_async(script: Script, node: Any) -> bool:
    if node.type not in FUNCTIONS:
        return False
    head = script.raw[node.start_byte : node.start_byte + 200].decode(errors="replace").lstrip()
    returned = node.child_by_field_name("return_type")
    return head.startswith(("async ", "async(")) or (returned is not None and "Promise<" in script.text(returned))


def function_about(node: Any) -> Any:
    """Return the function a node stands in, None at the top of the file."""
    while node is not None and node.type not in FUNCTIONS:
        node = node.parent
    return node
