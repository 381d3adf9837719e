"""What sqlglot does not say as Spark means it. Tested against DuckDB on the same entries: tests/logs/test_spark.py."""

from __future__ import annotations

import re

from sqlglot import exp

from helpers.logs.beyond.nodes import back_references, call

__all__ = ["java_pattern", "rewritten"]

# Java's \b knows letters beyond ASCII, RE2's does not
_BOUNDARY = r"(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))"
_NO_BOUNDARY = r"(?:(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<![0-9A-Za-z_])(?![0-9A-Za-z_]))"
_SUFFIX = r"[dDfF]\s*$"  # Spark reads '12d' and '12f' as numbers
_TIMES = {"%d": "dd", "%b": "MMM", "%Y": "yyyy", "%H": "HH", "%M": "mm", "%S": "ss", "%g": "SSS", "%z": "Z"}


def java_pattern(pattern: str) -> str:
    r"""Return an RE2 pattern as Java's regular expressions have it: only \n ends a line, words are of ASCII, groups without names."""
    named = re.sub(r"\(\?P<\w+>", "(", pattern)
    swapped = re.sub(r"\\(.)", lambda found: {"b": _BOUNDARY, "B": _NO_BOUNDARY}.get(found[1], found[0]), named, flags=re.S)
    return "(?d)" + swapped


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what stands for a node in Spark, None for the node itself."""
    match node:
        case exp.RegexpReplace():
            return _replaced(node)
        case exp.RegexpExtract() | exp.RegexpExtractAll():
            name = "REGEXP_EXTRACT" if isinstance(node, exp.RegexpExtract) else "REGEXP_EXTRACT_ALL"
            return call(name, node.this, _pattern(node.expression), node.args.get("group") or exp.Literal.number(0))
        case exp.RegexpLike():
            return exp.RegexpLike(this=node.this, expression=_pattern(node.expression))
        case exp.TryCast():
            return _cast(node)
        case exp.UnixToTime():
            return _moment(node)
        case exp.PercentileCont():
            return call("PERCENTILE", node.this, node.expression)
        case exp.ToMap():
            return _map(node)
        case exp.Anonymous():
            return _named(node)
    return None


def _pattern(node: exp.Expr) -> exp.Expr:
    return exp.Literal.string(java_pattern(node.name)) if isinstance(node, exp.Literal) else node


def _replaced(node: exp.RegexpReplace) -> exp.Expr:
    """Back references are $1; and without 'g' the first match only is replaced: the rest is matched with it, and kept."""
    pattern, text = node.expression.name, back_references(node.args["replacement"]).name
    java, modifiers = java_pattern(pattern), node.args.get("modifiers")
    if modifiers is None or "g" not in modifiers.name:
        groups = len(re.findall(r"(?<!\\)\((?!\?)", pattern))
        java, text = f"(?:{java})([\\s\\S]*)", f"{text}${groups + 1}"
    return call("REGEXP_REPLACE", node.this, exp.Literal.string(java), exp.Literal.string(text))


def _cast(node: exp.TryCast) -> exp.Expr | None:
    """Text is a number where DuckDB says so, rounded as there; JSON is text that is JSON from end to end."""
    if node.to.is_type("json"):
        whole = call("JSON_ARRAY_LENGTH", call("CONCAT", exp.Literal.string("["), node.this.copy(), exp.Literal.string("]")))
        return exp.Case(ifs=[exp.If(this=exp.EQ(this=whole, expression=exp.Literal.number(1)), true=node.this)])
    if isinstance(node.this.unnest(), exp.Case | exp.Cast | exp.Mul):
        return None
    copy = node.copy()
    if node.to.is_type("bigint"):
        copy.set("to", exp.DataType.build("decimal(38, 9)"))
        return exp.TryCast(this=exp.Round(this=copy), to=node.to)
    if node.to.is_type("double"):
        copy.set("this", call("REGEXP_REPLACE", node.this, exp.Literal.string(_SUFFIX), exp.Literal.string("no number")))
        return copy
    return None


def _moment(node: exp.UnixToTime) -> exp.Expr:
    """To the microsecond; sqlglot's goes to the second."""
    if node.args.get("scale") is not None:
        return call("TIMESTAMP_MICROS", node.this)
    micros = exp.Round(this=exp.Mul(this=exp.Paren(this=node.this), expression=exp.Literal.number(1000000)))
    return call("TIMESTAMP_MICROS", exp.Cast(this=micros, to=exp.DataType.build("bigint")))


def _map(node: exp.ToMap) -> exp.Expr:
    """`map {…}[key]`: to sqlglot the key belongs to what is in braces."""
    looked_up = node.this if isinstance(node.this, exp.Bracket) else None
    pairs = (looked_up or node).this.expressions
    made = call("MAP", *(exp.Literal.string(one.name) for pair in pairs for one in (pair.this, pair.expression)))
    return exp.Bracket(this=made, expressions=looked_up.expressions) if looked_up else made


def _named(node: exp.Anonymous) -> exp.Expr | None:
    first, *rest = node.expressions or [None]
    match node.name.lower():
        case "epoch_us":
            return call("UNIX_MICROS", first)
        case "isfinite":
            limit = exp.Cast(this=exp.Literal.string("Infinity"), to=exp.DataType.build("double"))
            return exp.Paren(this=exp.LT(this=exp.Abs(this=first), expression=limit))
        case "try_strptime":
            pattern = re.sub("%[a-zA-Z]", lambda found: _TIMES[found[0]], rest[0].name)
            return call("TRY_TO_TIMESTAMP", first, exp.Literal.string(pattern))
    return None
