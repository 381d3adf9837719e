"""What sqlglot does not say as ClickHouse means it. Parsed in tests, never run there."""

from __future__ import annotations

from sqlglot import exp

from helpers.logs.beyond.nodes import call

__all__ = ["rewritten"]


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """Return what stands for a node in ClickHouse, None for the node itself."""
    match node:
        case exp.RegexpReplace():
            everywhere = "g" in getattr(node.args.get("modifiers"), "name", "")
            return call("replaceRegexpAll" if everywhere else "replaceRegexpOne", node.this, node.expression, node.args["replacement"])
        case exp.RegexpExtract():
            return call("regexpExtract", node.this, node.expression, node.args.get("group") or exp.Literal.number(0))
        case exp.RegexpExtractAll():
            return call("extractAll", node.this, node.expression)
        case exp.ArrayToString():
            return call("arrayStringConcat", node.this, node.expression)
        case exp.PercentileCont():
            shares = node.expression.expressions if isinstance(node.expression, exp.Array) else [node.expression]
            each = [exp.ParameterizedAgg(this="quantileExactInclusive", expressions=[one], params=[node.this.copy()]) for one in shares]
            return exp.Array(expressions=each) if isinstance(node.expression, exp.Array) else each[0]
        case exp.Anonymous() if node.name.lower() == "epoch_us":
            return call("toUnixTimestamp64Micro", *node.expressions)
    return None
