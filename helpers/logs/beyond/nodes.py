"""Nodes of the tree that the rewrites make."""

from __future__ import annotations

import re

from sqlglot import exp

__all__ = ["back_references", "call"]


def call(name: str, *arguments: exp.Expr | None) -> exp.Anonymous:
    """Return a call, by the name that the engine has for it."""
    return exp.Anonymous(this=name, expressions=[one for one in arguments if one is not None])


def back_references(text: exp.Expr) -> exp.Literal:
    r"""Return a replacement with $1 for \1, and $ itself escaped, as Java's engine wants it."""
    return exp.Literal.string(re.sub(r"\\(\d)", r"$\1", text.name.replace("$", "\\$")))
