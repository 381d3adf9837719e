"""Conditions are read as the server writes them: names, casts and quotes included."""

import pytest

from helpers.postgres.plans.predicate import EQUALITY, NONE, PREFIX, RANGE, terms_of
from helpers.postgres.plans.tokens import outer_brackets_removed, split_at, text_of, tokens

TERMS = {
    "(t.a = 42)": (EQUALITY, "a", "a", ""),
    "(42 = t.a)": (EQUALITY, "a", "a", ""),
    "(7 < t.a)": (RANGE, "a", "a", ""),
    '("t"."A b" = 1)': (EQUALITY, '"A b"', "A b", ""),
    '(t."a""; drop table x; --" IS NULL)': (EQUALITY, '"a""; drop table x; --"', 'a"; drop table x; --', ""),
    "((t.v)::text = 'it''s AND (odd'::text)": (EQUALITY, "(v)::text", "v", "text"),
    "((t.a)::timestamp with time zone > now())": (RANGE, "(a)::timestamp with time zone", "a", "timestamp with time zone"),
    "(t.a = ANY ('{1,2}'::integer[]))": (EQUALITY, "a", "a", ""),
    "(t.a = $1)": (EQUALITY, "a", "a", ""),
    "t.active": (EQUALITY, "active", "active", ""),
    "(NOT t.active)": (EQUALITY, "active", "active", ""),
    "(t.a IS NOT NULL)": (RANGE, "a", "a", ""),
    "(t.v ~~ 'abc%'::text)": (PREFIX, "v", "v", ""),
    "(t.v ~~ '%abc'::text)": (NONE, "v", "v", ""),
    "(t.v ~~ $1)": (NONE, "v", "v", ""),
    "(t.v ~~* 'abc%'::text)": (NONE, "v", "v", ""),
    "(lower(t.v) = 'x'::text)": (EQUALITY, "lower(v)", "", ""),
    "((t.j ->> 'k'::text) = 'x'::text)": (EQUALITY, "j ->> 'k'::text", "", ""),
    "(t.a = t.b)": (NONE, "", "", ""),
    "(other.a = 1)": (NONE, "", "", ""),
    "(t.a > (InitPlan 1).col1)": (RANGE, "a", "a", ""),
    "(ANY (t.a = (hashed SubPlan 1).col1))": (NONE, "", "", ""),
    "(t.a @> '{1}'::integer[])": (NONE, "a", "a", ""),
    "(t.a <> 1)": (NONE, "a", "a", ""),
    "not \u00a7 server text": (NONE, "", "", ""),
}


@pytest.mark.parametrize("condition", TERMS)
def test_a_condition_is_what_the_server_means(condition: str):
    """Kind, expression, column and cast of one condition."""
    (term,) = terms_of(condition, "t")
    assert (term.kind, term.expression, term.column, term.cast_to) == TERMS[condition]


def test_conditions_joined_by_and_are_apart():
    """Brackets and strings that hold AND do not split."""
    found = terms_of("((t.a = 1) AND (t.b = 'x AND y'::text) AND ((t.c = 1) OR (t.d = 2)))", "t")
    assert [t.kind for t in found] == [EQUALITY, EQUALITY, NONE]


@pytest.mark.parametrize("text", ["((a)", "a)", "f(a, b]", "[a)"])
def test_brackets_that_do_not_match_are_refused(text: str):
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="brackets"):
        split_at(tokens(text), ",")


@pytest.mark.parametrize("text", ["lower((v)::text)", "a ->> 'k''s'::text", 'x."Y z"[1]', "(a + 1) * 2"])
def test_words_make_the_text_again(text: str):
    """Nothing is lost or respelt."""
    assert (text_of(tokens(text)), text_of(outer_brackets_removed(tokens(f"(({text}))")))) == (text, text)
