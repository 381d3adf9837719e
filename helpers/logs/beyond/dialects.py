"""The analyses' SQL, which is DuckDB's, as other engines write it: Spark, ClickHouse and Trino.

sqlglot does most of it. What it leaves as DuckDB has it, or renders into something with another meaning, is set right by the rewrites of
the dialect, one function of the tree each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp

from helpers.errors import ParameterError, near_misses
from helpers.logs.beyond import clickhouse, spark_sql, trino
from helpers.logs.beyond.macros import Macros, expanded

__all__ = ["DIALECTS", "transpiled"]

DIALECTS: dict[str, Callable[[exp.Expr], exp.Expr | None]] = {
    "spark": spark_sql.rewritten,
    "clickhouse": clickhouse.rewritten,
    "trino": trino.rewritten,
}
"""Name → its rewrite of one node of the tree; None leaves the node as it is."""


def transpiled(sql: str, dialect: str, parameters: Mapping[str, Any] | None = None, *, defined: Macros | None = None) -> str:
    """Return a query over `entries`, in another dialect.

    Args:
        sql: In DuckDB's dialect, with the macros of macros.sql.
        dialect: One of DIALECTS.
        parameters: Values written into the text as literals in place of `$name`; without, they stay parameters.
        defined: Macros beside, or in place of, those of macros.sql.

    Raises:
        ParameterError: there is no such dialect.

    """
    if dialect not in DIALECTS:
        raise ParameterError(
            f"There is no dialect {dialect!r}.", remedy=f"{near_misses(dialect, list(DIALECTS))} Known: {', '.join(DIALECTS)}."
        )
    tree = expanded(sqlglot.parse_one(sql, read="duckdb"), defined or {})
    for one in list(tree.find_all(exp.Placeholder)):
        if parameters is not None and one.name in parameters:
            one.replace(exp.convert(parameters[one.name]))
    rewrite = DIALECTS[dialect]
    # from the leaves up: what a rewrite makes is not rewritten again
    for node in reversed(list(tree.bfs())):
        made = rewrite(node)
        if made is not None and node is tree:
            tree = made
        elif made is not None:
            node.replace(made)
    return tree.sql(dialect=dialect, comments=False)
