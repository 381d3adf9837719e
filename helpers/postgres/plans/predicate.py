"""The terms of a plan's condition, and what each of them would need of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from helpers.postgres.plans.tokens import Token, depths, outer_brackets_removed, split_at, text_of, tokens

__all__ = ["EQUALITY", "NONE", "PREFIX", "RANGE", "Term", "terms_of"]

EQUALITY, RANGE, PREFIX, NONE = "equality", "range", "prefix", "none"
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of one table, such as `(orders.customer_id = 42)`.

    `text` is the server's own. `expression` is the table's side of it, unqualified (`customer_id`, `lower(email)`);
    `column` its name when it is a bare column or a cast of one (then `cast_to` is the type's text).
    `kind` says what a b-tree could do with it; `why` says why nothing, when it is `none`.
    """

    text: str
    kind: str = NONE
    expression: str = ""
    column: str = ""
    cast_to: str = ""
    operator: str = ""
    operand: str = ""
    columns: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    why: str = ""


def terms_of(condition: str, alias: str) -> list[Term]:
    """Return the terms that `condition` joins by AND, seen from the table called `alias`."""
    if not condition:
        return []
    try:
        words = outer_brackets_removed(tokens(condition))
        return [_term(part, alias) for part in split_at(words, "AND")]
    except ValueError:
        return [Term(condition, why="the condition is not of a form this program reads")]


def _term(words: Sequence[Token], alias: str) -> Term:
    text = text_of(words)
    inner = outer_brackets_removed(words)
    functions = tuple(a.identifier for a, b in pairwise(inner) if _is_call(a, b))
    own = tuple(dict.fromkeys(_own_columns(inner, alias)))
    if len(split_at(inner, "OR")) > 1:
        return Term(text, columns=own, functions=functions, why="it joins conditions by OR: one index serves one of them")
    if "Plan" in text and any(w.text in ("SubPlan", "InitPlan") for w in inner) and not _operator_at(inner):
        return Term(text, columns=own, functions=functions, why="it is answered by a subquery")
    left, operator, right = _sides(inner)
    if _own_columns(right, alias):
        left, operator, right = right, _FLIPPED.get(operator, "?"), left
    if not _own_columns(left, alias):
        return Term(text, columns=own, functions=functions, why="it does not look at this table")
    if _own_columns(right, alias):
        return Term(text, columns=own, functions=functions, why="it compares two columns of the same row")
    expression = outer_brackets_removed(_unqualified(left, alias))
    column, cast_to = _bare(expression)
    kind, why = _kind(operator, text_of(right))
    return Term(text, kind, text_of(expression), column, cast_to, operator, text_of(right), own, functions, why)


def _is_call(word: Token, following: Token) -> bool:
    keyword = word.text in ("ANY", "ALL", "AND", "OR", "NOT", "IN", "ROW", "ARRAY")
    return word.kind == "name" and following.text == "(" and not following.spaced and not keyword


def _operator_at(words: Sequence[Token]) -> int:
    """Return the place of the top-level operator (or IS), or 0 when there is none."""
    for place, (word, depth) in enumerate(zip(words, depths(words), strict=True)):
        if place and depth == 0 and (word.kind == "operator" or word.text == "IS"):
            return place
    return 0


def _sides(words: Sequence[Token]) -> tuple[list[Token], str, list[Token]]:
    """Return left side, operator and right side; a bare boolean column equals true."""
    if words and words[0].text == "NOT":
        return outer_brackets_removed(words[1:]), "=", tokens("false")
    place = _operator_at(words)
    if not place:
        return list(words), "=", tokens("true")
    left, rest = list(words[:place]), list(words[place + 1 :])
    operator = words[place].text
    if operator == "IS":
        return left, f"IS {text_of(rest)}", []
    if rest and rest[0].text in ("ANY", "ALL"):
        operator = f"{operator} {rest[0].text}"
    return left, operator, rest


def _kind(operator: str, operand: str) -> tuple[str, str]:
    if operator in ("=", "= ANY", "IS NULL", "IS TRUE", "IS FALSE"):
        return EQUALITY, ""
    if operator in ("<", "<=", ">", ">=", "IS NOT NULL"):
        return RANGE, ""
    if operator == "~~":
        pattern = operand.removeprefix("'")
        if operand.startswith("'") and not pattern.startswith(("%", "_", "'")):
            return PREFIX, ""
        if operand.startswith("'"):
            return NONE, "its LIKE pattern begins with a wildcard, and a b-tree is read from the beginning"
        return NONE, "its LIKE pattern is a parameter, whose beginning is not known to the planner"
    if operator in ("<>", "<> ALL", "IS DISTINCT FROM"):
        return NONE, "it asks for what is unequal, which is nearly everything"
    return NONE, f"a b-tree cannot answer the operator {operator}"


def _own_columns(words: Sequence[Token], alias: str) -> list[str]:
    return [words[i + 2].identifier for i in _qualified_at(words, alias)]


def _qualified_at(words: Sequence[Token], alias: str) -> list[int]:
    """Return the places where `alias . name` begins and is not the tail of a longer name."""
    return [
        i
        for i in range(len(words) - 2)
        if words[i].kind == "name"
        and words[i].identifier == alias
        and words[i + 1].text == "."
        and words[i + 2].kind == "name"
        and (i == 0 or words[i - 1].text != ".")
    ]


def _unqualified(words: Sequence[Token], alias: str) -> list[Token]:
    dropped = {place for i in _qualified_at(words, alias) for place in (i, i + 1)}
    return [w for i, w in enumerate(words) if i not in dropped]


def _bare(expression: Sequence[Token]) -> tuple[str, str]:
    """Return the column and the type it is cast to, each empty when `expression` is something else."""
    if len(expression) == 1 and expression[0].kind == "name":
        return expression[0].identifier, ""
    if len(expression) >= 5 and expression[0].text == "(" and expression[2].text == ")" and expression[3].kind == "cast":
        return expression[1].identifier, text_of(expression[4:])
    return "", ""
