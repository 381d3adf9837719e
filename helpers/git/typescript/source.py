"""One TypeScript or JavaScript file as a syntax tree; a file with mistakes gives the tree of what could be read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from helpers.git.connect import Checkout

__all__ = ["SUFFIXES", "Script", "parse", "read_scripts"]

SUFFIXES = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")
_CODE = ("function_declaration", "function_expression", "arrow_function", "generator_function_declaration", "method_definition")


@dataclass(frozen=True, eq=False)
class Script:
    """A file by its path in the checkout, with its text as bytes and the root of its tree."""

    path: str
    raw: bytes
    root: Any

    def text(self, node: Any) -> str:
        """Return the source of a node."""
        return self.raw[node.start_byte : node.end_byte].decode(errors="replace")

    def line(self, node: Any) -> int:
        """Return the node's first line, from 1."""
        return int(node.start_point[0]) + 1

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Return what each imported name stands for: the module as written, and the name there (`default`, `*`)."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.root.named_children:
            source = node.child_by_field_name("source") if node.type == "import_statement" else None
            if source is None:
                continue
            module = self.text(source).strip("'\"`")
            for part in walk(node):
                if part.type == "import_specifier":
                    name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
                    found[self.text(alias or name)] = (module, self.text(name))
                elif part.type == "namespace_import":
                    found[self.text(part.named_children[0])] = (module, "*")
                elif part.type == "identifier" and part.parent.type == "import_clause":
                    found[self.text(part)] = (module, "default")
        return found

    @cached_property
    def functions(self) -> dict[str, Any]:
        """Return the functions of the file's top level by name, also those held by a const."""
        found: dict[str, Any] = {}
        for node in self.root.named_children:
            inner = node.child_by_field_name("declaration") if node.type == "export_statement" else node
            if inner is None:
                continue
            if inner.type in _CODE:
                name = inner.child_by_field_name("name")
                found[self.text(name) if name else "default"] = inner
            for declared in inner.named_children if inner.type in ("lexical_declaration", "variable_declaration") else ():
                value = declared.child_by_field_name("value")
                if value is not None:
                    found[self.text(declared.child_by_field_name("name"))] = value
        return found

    def module_of(self, written: str, known: frozenset[str]) -> str:
        """Return the file of the checkout an import means; empty for a package. `@/x` and `~/x` are the root (and src), as is usual."""
        base = posixpath.dirname(self.path)
        at = written[:2] in ("@/", "~/")
        roots = ["", "src/"] if at else [""]
        target = [root + written[2:] for root in roots] if at else [posixpath.normpath(posixpath.join(base, written))]
        if not at and not written.startswith("."):
            return ""
        tried = [one + end for one in target for end in ("", *SUFFIXES, *(f"/index{s}" for s in SUFFIXES))]
        return next((one for one in tried if one in known), "")


def walk(node: Any, *, into_functions: bool = True) -> Iterator[Any]:
    """Yield a node and all below it, in the order of the text; without `into_functions`, functions below are yielded and not entered."""
    yield node
    for child in node.named_children:
        if not into_functions and child.type in _CODE:
            yield child
        else:
            yield from walk(child, into_functions=into_functions)


def parse(path: str, text: str) -> Script:
    """Return the file's tree."""
    import tree_sitter
    import tree_sitter_typescript as grammars

    language = grammars.language_tsx() if path.endswith(("x", ".js", ".mjs")) else grammars.language_typescript()
    raw = text.encode()
    return Script(path, raw, tree_sitter.Parser(tree_sitter.Language(language)).parse(raw).root_node)


async def read_scripts(checkout: Checkout) -> dict[str, Script]:
    """Return the scripts of the checkout by path; declarations, tests and what a build made are left out. Raises SystemProblem."""
    names = [name for suffix in SUFFIXES for name in await checkout.files(suffix)]
    kept = [name for name in names if not name.endswith((".d.ts", ".config.js", ".config.mjs", ".config.ts")) and not _is_test(name)]
    return {name: parse(name, checkout.text(name)) for name in sorted(kept)}


def _is_test(name: str) -> bool:
    parts = name.split("/")
    return (
        any(part in ("__tests__", "tests", "test", "e2e", "node_modules") for part in parts)
        or ".test." in parts[-1]
        or ".spec." in parts[-1]
    )
