"""What sqlglot does not say as Trino means it. Parsed in tests, never run there; its percentiles are approximate, it has no others."""

from __future__ import annotations

from sqlglot import exp

from helpers.logs.beyond.nodes import back_references, call

__all__ = ["rewritten"]


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what stands for a node in Trino, None for the node itself."""
    match node:
        case exp.RegexpReplace():
            return call("REGEXP_REPLACE", node.this, node.expression, back_references(node.args["replacement"]))
        case exp.IntDiv():  # its casts round, and sqlglot's division is of decimals
            quotient = exp.Div(this=exp.Cast(this=node.this, to=exp.DataType.build("double")), expression=node.expression)
            return exp.Cast(this=call("FLOOR", quotient), to=exp.DataType.build("bigint"))
        case exp.PercentileCont():
            return call("APPROX_PERCENTILE", node.this, node.expression)
        case exp.Contains():
            return exp.Paren(this=exp.GT(this=call("STRPOS", node.this, node.expression), expression=exp.Literal.number(0)))
        case exp.Anonymous() if node.name.lower() == "epoch_us":
            seconds = call("TO_UNIXTIME", *node.expressions)
            micros = exp.Mul(this=seconds, expression=exp.Literal.number(1000000))
            return exp.Cast(this=call("ROUND", micros), to=exp.DataType.build("bigint"))
    return None
