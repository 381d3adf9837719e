"""Spark gives the same entries, accounts and answers as DuckDB, on dirty logs of every format, on failing ones, and on Parquet."""

import gzip
import json
from datetime import timedelta

import pytest

from helpers.errors import ParameterError
from helpers.logs.beyond.spark import SparkLogs
from helpers.logs.engine import Logs
from helpers.logs.mapping import mapped
from helpers.logs.routes import use_routes
from tests.logs.corpora import FORMATS, corpus
from tests.logs.failing import START
from tests.logs.questions import QUESTIONS, answered, differences, entries_in, failing, label
from tests.logs.spark_here import spark  # noqa: F401
from tests.logs.test_corpora import differences as unlike

READABLE = [name for name in FORMATS if name != "postgres_csv"]  # its records span lines


@pytest.mark.parametrize("name", READABLE)
def test_every_format_is_read_as_it_was_meant(tmp_path, spark, name):  # noqa: F811
    """Entry by entry; and every line is counted where it belongs, also what did not convert."""
    content, entries, counts = corpus(name, 2, lines=120)
    (tmp_path / "a.log").write_bytes(content)
    logs = SparkLogs(spark, [str(tmp_path / "a.log")])
    account = logs.account()[0]
    assert (account.format, {n: getattr(account, n) for n in ("lines", "parsed", "rejected", "blank")}, dict(account.mismatched)) == (
        name, {n: counts[n] for n in ("lines", "parsed", "rejected", "blank")}, counts["mismatched"],
    )  # fmt: skip
    found = [{k: v for k, v in row.items() if v is not None} for row in entries_in(logs)]
    assert (len(found), unlike(found, entries)) == (len(entries), [])


@pytest.fixture(scope="module")
def both(spark, tmp_path_factory):  # noqa: F811
    """DuckDB's and Spark's view of the same mixed files."""
    folder = tmp_path_factory.mktemp("logs")
    paths = failing(folder, 4)
    for name in ("pino", "vercel", "nginx_combined"):
        (folder / f"{name}.log").write_bytes(corpus(name, 5, lines=60)[0])
        paths.append(folder / f"{name}.log")
    with Logs.open(paths) as duck:
        ours = SparkLogs(spark, [str(path) for path in paths])
        spark.catalog.cacheTable("entries")  # read once for all questions
        yield duck, ours
        spark.catalog.clearCache()


@pytest.mark.parametrize("question", QUESTIONS, ids=label)
def test_every_analysis_gives_the_same_numbers(both, question):
    """Row by row, in order, but for the last bits of a float."""
    duck, ours = both
    assert differences(answered(ours, *question), answered(duck, *question)) == []


def test_parquet_of_the_schema_gives_the_same_numbers(spark, tmp_path):  # noqa: F811
    """As DuckDB exports it; columns that are not there are NULL."""
    with Logs.open(failing(tmp_path, 6)) as duck:
        duck.rows(f"copy (select * exclude (tenant_id) from entries) to '{tmp_path}/e.parquet' (format parquet)")
        ours = SparkLogs(spark, [str(tmp_path / "e.parquet")])
        asked = [question for question in QUESTIONS if question[0] in ("traffic", "errors", "concurrency")]
        assert [differences(answered(ours, *q), answered(duck, *q)) for q in asked] == [[]] * len(asked)
        assert ours.rows("select count(*), count(tenant_id) from entries", {})[0][1] == 0


def test_json_of_ones_own_and_packed_files(spark, tmp_path):  # noqa: F811
    """A mapping with objects and units, .gz, a glob, keys with odd names."""
    own = mapped({"timestamp": "ts", "duration_ms": "took_s * 1000", "http_response_status_code": "a.b.code", "http_route": "the route"})
    line = b'{"ts": 1772524800.25, "took_s": 0.5, "a": {"b": {"code": "503"}}, "the route": "/x", "Took_s": 9}\n'
    (tmp_path / "one.json").write_bytes(line * 2)
    (tmp_path / "two.json.gz").write_bytes(gzip.compress(line))
    logs = SparkLogs(spark, [str(tmp_path / "*.json*")], extra=[own])
    with Logs.open([tmp_path / "*.json*"], extra=[own]) as duck:
        asked = "select epoch_us(timestamp), duration_ms, http_response_status_code, http_route from entries"
        assert logs.rows(asked) == duck.rows(asked) == [(1772524800250000, 500.0, 503, "/x")] * 3


def test_a_window_and_routes_that_are_given(spark, tmp_path):  # noqa: F811
    """The entries of a time, and templates, as here."""
    paths = failing(tmp_path, 7)
    (tmp_path / "api.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/x/{name}": {}, "/orders/{order-id}": {}}}))
    since, until = START + timedelta(minutes=4), START + timedelta(minutes=9)
    ours = SparkLogs(spark, [str(path) for path in paths], since=since, until=until)
    with Logs.open(paths, since=since, until=until) as duck:
        for logs in (duck, ours):
            use_routes(logs, str(tmp_path / "api.json"))
        found, wanted = (answered(logs, "routes", {}) for logs in (ours, duck))
    assert (differences(found, wanted), {"/x/{name}", "/orders/{order-id}"} <= {row[0] for row in found}) == ([], True)


def test_what_cannot_be_read_is_named(spark, tmp_path):  # noqa: F811
    """No file, no format that fits, no path."""
    (tmp_path / "a.log").write_text("nothing that is known\n")
    with pytest.raises(ParameterError, match="no known log format"):
        SparkLogs(spark, [str(tmp_path / "a.log")])
    with pytest.raises(ParameterError, match="finds no log file"):
        SparkLogs(spark, [str(tmp_path / "none*.log")])
    with pytest.raises(ParameterError, match="No path"):
        SparkLogs(spark, [])
