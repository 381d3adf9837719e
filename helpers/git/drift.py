"""Which change of a route's inputs makes it reject what it took before; what only loosens is none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from helpers.git.inputs import Input

__all__ = ["Drift", "drifts"]

_DIGEST = re.compile(r" [0-9a-f]{8}\b")  # of an enumeration's members, behind its name
UPPER, LOWER = ("lt", "le", "max_length", "max_digits", "decimal_places"), ("gt", "ge", "min_length")
WIDER = {("int", "float"), ("int", "Decimal"), ("float", "Decimal"), ("date", "datetime"), ("UUID", "str"), ("EmailStr", "str")}


@dataclass(frozen=True, slots=True)
class Drift:
    """One input and what became stricter; `certain` unless code decides (a validator, a pattern, members of an enumeration)."""

    name: str
    change: str
    before: str
    now: Input
    certain: bool


def drifts(before: Mapping[str, Input], now: Mapping[str, Input]) -> list[Drift]:
    """Return what became stricter, by name; both are of one route."""
    found = []
    gone = [one for name, one in before.items() if name not in now]
    for name, one in now.items():
        was = before.get(name)
        if was is None:
            parent = name.rpartition(".")[0]
            if one.required and _is_met(parent, before, now):
                found.append(_new(one, [each for each in gone if each.name.rpartition(".")[0] == parent]))
        else:
            found += _stricter(was, one)
    return sorted(found, key=lambda drift: (not drift.certain, drift.name))


def _is_met(parent: str, before: Mapping[str, Input], now: Mapping[str, Input]) -> bool:
    """Whether the object it is in was there before: else the object itself is what is new."""
    return parent in before or ("." not in parent and parent not in now)


def _new(one: Input, gone: list[Input]) -> Drift:
    """A new field that must be given; where one of the same type is gone from the same place, it was renamed."""
    renamed = [each for each in gone if each.type == one.type]
    if len(renamed) == 1:
        return Drift(one.name, "was renamed", renamed[0].name.rpartition(".")[2], one, certain=True)
    return Drift(one.name, "is new, and must be given", "", one, certain=True)


def _stricter(was: Input, now: Input) -> Iterator[Drift]:
    if now.required and not was.required:
        yield Drift(now.name, "must be given now", "optional", now, certain=True)
    if was.type != now.type and not _is_wider(was.type, now.type, text=not now.name.startswith("body")):
        named = not (_DIGEST.search(was.type) or _DIGEST.search(now.type))
        yield Drift(now.name, f"is {_DIGEST.sub('', now.type)} now", _DIGEST.sub("", was.type), now, certain=named)
    for limit in now.limits:
        if limit not in was.limits:
            name = re.split("[= ]", limit)[0] if "=" in limit else limit.rpartition(" ")[0]
            old = next((each for each in was.limits if each.startswith((f"{name}=", f"{name} "))), "")
            if _is_stricter(old, limit):
                certain = not limit.startswith(("validator ", "pattern", "regex"))
                yield Drift(now.name, f"is limited by {_shown(limit)} now", _shown(old) if old else "no such limit", now, certain=certain)


def _shown(limit: str) -> str:
    return limit.rpartition(" ")[0] if limit.startswith("validator ") else limit


def _is_wider(was: str, now: str, *, text: bool) -> bool:
    """Whether the new type takes all that the old one took; in a query, a path and a header everything is text."""
    old, new = _members(was), _members(now)
    if text and "str" in new:
        return True
    return "Any" in new or all(o in new or any((o, n) in WIDER for n in new) for o in old)


def _members(text: str) -> set[str]:
    """The types of a union, also one written as Optional[…] or Union[…]."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return {text}
    return set(_union(node))


def _union(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _union(node.left)
        yield from _union(node.right)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] in ("Optional", "Union"):
        for inner in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            yield from _union(inner)
        if ast.unparse(node.value).endswith("Optional"):
            yield "None"
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] == "Literal":
        yield from (f"'{ast.unparse(each)}'" for each in (node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]))
    else:
        yield ast.unparse(node)


def _is_stricter(old: str, new: str) -> bool:
    name = new.partition("=")[0]
    try:
        before, now = float(old.partition("=")[2].replace("_", "")), float(new.partition("=")[2].replace("_", ""))
    except ValueError:
        return True  # a limit that was not there, or a pattern, or a validator: it may reject what was taken
    return now < before if name in UPPER else now > before if name in LOWER else now != before
