"""The macros of macros.sql written out where they are called: other engines have none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import sqlglot
from sqlglot import exp

__all__ = ["Macros", "expanded", "macros_in", "names"]

_FILE = Path(__file__).parents[1] / "macros.sql"
_MACRO = re.compile(r"^create or replace temp macro (\w+)\(([\w, ]+)\) as\s(.+?);$", re.M | re.S)
_ATOMS = (exp.Column, exp.Literal, exp.Placeholder, exp.Func, exp.Paren, exp.Null)


Macros = Mapping[str, tuple[tuple[str, ...], exp.Expr]]
"""Name → parameters and body."""


@cache
def _macros() -> Macros:
    return macros_in(_FILE.read_text(encoding="utf-8"))


def macros_in(text: str) -> Macros:
    """Return the macros that statements create."""
    return {
        name: (tuple(names.split(", ")), sqlglot.select(body, dialect="duckdb").selects[0])
        for name, names, body in _MACRO.findall(text if text.rstrip().endswith(";") else text + ";")
    }


def expanded(tree: exp.Expr, defined: Macros) -> exp.Expr:
    """Return the tree without calls of macros, `defined` ones and those of the file; the tree itself is changed."""
    macros = {**_macros(), **defined}
    while True:
        call = next((one for one in tree.find_all(exp.Anonymous) if one.name.lower() in macros), None)
        if call is None:
            return tree
        written = _written(call, *macros[call.name.lower()])
        if call is tree:
            tree = written
        else:
            call.replace(written)


def _written(call: exp.Anonymous, names: tuple[str, ...], body: exp.Expr) -> exp.Expr:
    given = dict(zip(names, call.expressions, strict=True))
    copy = exp.Paren(this=body.copy())
    for column in list(copy.find_all(exp.Column)):
        if column.name in given and not column.table:
            value = given[column.name].copy()
            column.replace(value if isinstance(value, _ATOMS) else exp.Paren(this=value))
    return copy if isinstance(copy.this, exp.Binary | exp.Between) else copy.this


def names() -> set[str]:
    """Return the names of all macros."""
    return set(_macros())
