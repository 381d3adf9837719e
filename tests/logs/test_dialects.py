"""Every analysis, carried to another engine, is SQL of that engine: nothing of DuckDB's or of our macros is left in it."""

import pytest
import sqlglot
from sqlglot import exp

from helpers.errors import ParameterError
from helpers.logs.analyses import analyses, sql_of
from helpers.logs.beyond.dialects import DIALECTS, transpiled
from helpers.logs.beyond.macros import _FILE, names
from helpers.logs.formats import formats
from helpers.logs.reading import present

OURS = {"epoch_us", "make_timestamp", "try_strptime", "isfinite", "quantile_cont", "list_slice", "array_to_string", "time_bucket"}
PARAMETERS = {"bucket_s": 60, "slow_ms": 0.5, "at_us": 1, "count": 5, "id": "it's \\ $1 --", "before": "v1", "after": "v2"}


def calls(text, dialect):
    """The names of the functions that a dialect's parser does not know by itself."""
    return {one.name.lower() for one in sqlglot.parse_one(text, read=dialect).find_all(exp.Anonymous)}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", analyses())
def test_it_parses_there_and_nothing_of_ours_is_left(name, dialect):
    """With its parameters, and with their values as text."""
    for parameters in (None, PARAMETERS) if dialect == "spark" else (PARAMETERS,):
        text = transpiled(sql_of(name), dialect, parameters)
        assert calls(text, dialect) & (OURS | names()) == set(), text
        assert parameters is None or not list(sqlglot.parse_one(text, read=dialect).find_all(exp.Placeholder, exp.Parameter)), text


@pytest.mark.parametrize("name", [name for name in formats() if name != "postgres_csv"])
def test_every_format_is_carried_to_spark(name):
    """Its columns, and what tells an entry."""
    format_ = formats()[name]
    text = transpiled(f"select {format_.select()} from raw where {present(format_)}", "spark")
    assert calls(text, "spark") & (OURS | names()) == set(), text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_is_a_literal_whatever_is_in_it(dialect):
    """It reads back as it was."""
    value = "it's \\ ' or 1=1 -- \n"
    tree = sqlglot.parse_one(transpiled("select $id", dialect, {"id": value}), read=dialect)
    assert [one.this for one in tree.find_all(exp.Literal)] == [value]


def test_another_dialect_is_refused():
    """With those there are."""
    with pytest.raises(ParameterError, match="spark, clickhouse, trino"):
        transpiled("select 1", "sparc")


def test_every_macro_is_known():
    """As many as are created."""
    text = _FILE.read_text()
    assert len(names()) == text.count("create or replace temp macro") > 10
