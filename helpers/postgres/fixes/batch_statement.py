"""Send a statement once for all rows instead of once for each: the batched statement as text, for the code that sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp

from helpers.contracts import FixPreview, Proposal
from helpers.errors import FixFailed

__all__ = ["BatchStatement", "batched"]


@dataclass(frozen=True)
class BatchStatement(Proposal):
    """`statement` compares one column with its only parameter; `where` it is sent from, if that is known."""

    statement: str
    where: str = ""

    needs: ClassVar[str] = "postgres"

    async def preview(self, session: Any) -> FixPreview:
        """Return the batched statement. Raises FixFailed when it cannot be derived safely; its remedy says what to do by hand."""
        text, column = batched(self.statement)
        at = f"At {self.where}: collect" if self.where else "Collect"
        effects = [
            f"{at} the values of {column} first, send this once, and group its rows by {column}.",
            "One round trip instead of one for each row; the rows come in no order of the values.",
        ]
        advice = [
            "A test that counts the statements of a request keeps it from coming back; with an ORM, load the relation eagerly (selectinload)."
        ]
        return FixPreview([text], effects=effects, advice=advice)

    def patch(self, preview: FixPreview) -> str:
        """Return the statement before and after, with how to use it."""
        was = " ".join(self.statement.split())
        return "\n".join([*(f"-- {text}" for text in preview.effects), f"-- was: {was}", *preview.statements]) + "\n"


def batched(statement: str) -> tuple[str, str]:
    """Return the statement for many values at once, and the column they are compared with.

    Raises:
        FixFailed: it is no SELECT of one value, or limits, groups or aggregates its rows, so that many at once would be another question.

    """
    by_hand = "Join the two statements, or load the relation eagerly (SQLAlchemy: selectinload)."
    try:
        tree = sqlglot.parse_one(statement, dialect="postgres")
    except sqlglot.errors.SqlglotError:
        raise FixFailed("The statement cannot be read.", remedy=by_hand) from None
    if not isinstance(tree, exp.Select) or tree.find(
        exp.Limit, exp.Group, exp.AggFunc, exp.Distinct, exp.Window, exp.SetOperation, exp.Subquery
    ):
        raise FixFailed(
            "It limits, groups or aggregates, or is no plain SELECT: for many values at once it is another question.", remedy=by_hand
        )
    places = list(tree.find_all(exp.Parameter, exp.Placeholder))
    equal = [place.parent for place in places if isinstance(place.parent, exp.EQ)]
    if len(places) != 1 or not equal or not isinstance(equal[0], exp.EQ):
        raise FixFailed(f"It has {len(places)} parameters, or compares its value with something else than `=`.", remedy=by_hand)
    column = equal[0].this if isinstance(equal[0].this, exp.Column) else equal[0].expression
    if not isinstance(column, exp.Column):
        raise FixFailed("Its value is not compared with a column.", remedy=by_hand)
    equal[0].replace(exp.EQ(this=column.copy(), expression=exp.Any(this=exp.Paren(this=exp.Parameter(this=exp.Literal.number(1))))))
    if not any(isinstance(each, exp.Star) or each.alias_or_name == column.name for each in tree.expressions):
        tree.select(column.copy(), append=True, copy=False)
    return tree.sql(dialect="postgres"), column.name
