"""Log files as Spark reads them: lines first, so that each is accounted for, then the format's fields as text, as DuckDB has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.logs.beyond.dialects import transpiled
from helpers.logs.beyond.spark_sql import java_pattern
from helpers.logs.format import Format, JsonFormat, LineFormat, quoted
from helpers.logs.reading import present
from helpers.logs.schema import COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

__all__ = ["entries_of", "fields_of", "lines_of", "parquet_of", "parsed_in", "rejected_in"]

# a half of a pair of surrogates is no character: DuckDB refuses the line, Spark would put a question mark
_HALF = r"(?i)(?<!\\)(?:\\\\)*(?:\\u d[89ab][0-9a-f]{2}(?!\\u d[c-f])|(?<!\\u d[89ab][0-9a-f]{2})\\u d[c-f])".replace(" ", "")
LINE = "_line"  # the whole line, beside its fields
_STRICT = {"allowSingleQuotes": "false", "mode": "PERMISSIVE"}


def lines_of(spark: SparkSession, path: str) -> DataFrame:
    """Return the lines as one column `value`: without the byte order mark and the carriage return; NULL where they are not UTF-8."""
    from pyspark.sql import functions as f

    read = spark.read.text(path, lineSep="\n")
    bare = f.regexp_replace(f.regexp_replace("value", "^\ufeff", ""), "\r$", "")
    return read.select(f.when(f.is_valid_utf8("value"), bare).alias("value"))


def fields_of(lines: DataFrame, format_: Format) -> DataFrame:
    """Return a line's fields, one row a line that is not blank; a line that is not of the format is all NULL."""
    from pyspark.sql import functions as f

    said = lines.where(f.col("value").isNull() | (f.regexp_replace("value", r"\s+", "") != ""))
    if isinstance(format_, JsonFormat):
        return _objects(said, format_)
    if not isinstance(format_, LineFormat):
        raise TypeError(f"{format_.name} cannot be read")
    pattern = java_pattern(format_.pattern)
    groups = [_group(pattern, number).alias(name) for number, name in enumerate(format_.groups, 1)]
    return said.select(*groups, f.col("value").alias(LINE))


def _is_entry(format_: Format) -> str:
    """Return the SQL condition that a row of `fields_of` is an entry; of text, that the line matched."""
    if isinstance(format_, LineFormat):
        return f"coalesce({', '.join(quoted(name) for name in format_.groups)}) is not null"
    return present(format_)


def _group(pattern: str, number: int) -> Column:
    from pyspark.sql import functions as f

    found = f.regexp_extract("value", pattern, number)
    return f.when(found != "", found)


def _objects(lines: DataFrame, format_: JsonFormat) -> DataFrame:
    """One object a line and nothing behind it: the line is read as an array of one. Of a key that is there twice the first counts."""
    from pyspark.sql import functions as f
    from pyspark.sql.types import ArrayType, StringType, StructType

    kind = StructType()
    for name in format_.fields:
        kind = kind.add(name, StringType())
    clean = f.when(~f.col("value").rlike(_HALF), f.col("value"))
    alone = f.from_json(f.concat(f.lit("["), clean, f.lit("]")), ArrayType(kind), _STRICT)
    keys = f.json_object_keys("value")
    found = lines.select(
        "value", f.when(f.size(alone) == 1, alone[0]).alias("object"), (f.size(keys) != f.size(f.array_distinct(keys))).alias("twice")
    )
    plain = {name: f.col("object").getField(name) for name in format_.fields}
    firsts = {name: _first(name) for name in format_.fields if "'" not in name}
    whole = f.col("object").isNotNull() & f.col("twice")
    chosen = (f.when(whole, firsts.get(name, one)).otherwise(one).alias(name) for name, one in plain.items())
    return found.select(*chosen, f.col("value").alias(LINE))


def _first(name: str) -> Column:
    """Return the first value of a key that is there twice; Spark's own reading would skip a null."""
    from pyspark.sql import functions as f

    before = rf'(?s)^(?:(?!"\Q{name}\E"\s*:).)*+"\Q{name}\E"\s*:\s*null'
    return f.when(~f.col("value").rlike(before), f.get_json_object("value", f"$['{name}']"))


def entries_of(spark: SparkSession, fields: DataFrame, format_: Format, name: str) -> DataFrame:
    """Return the entries in the schema; `name` is the view that the fields become."""
    fields.createOrReplaceTempView(name)
    sql = f"select {format_.select()} from {name} where {_is_entry(format_)}"  # noqa: S608 - our own text
    return spark.sql(transpiled(sql, "spark"))


def parsed_in(spark: SparkSession, format_: Format, name: str) -> tuple[int, dict[str, int]]:
    """Return how many entries there are in the view of the fields, and by column how many of its fields were there and did not convert."""
    columns = {name: one for name, one in format_.columns.items() if one.raw != one.value}
    counts = "".join(
        f", count(*) filter (where {one.raw} is not null and {one.typed(column)} is null) as {column}" for column, one in columns.items()
    )
    sql = f"select count(*) as parsed{counts} from {name} where {_is_entry(format_)}"  # noqa: S608 - our own text
    row = spark.sql(transpiled(sql, "spark")).first()
    parsed, *lost = row or (0,)
    return parsed, {column: n for column, n in zip(columns, lost, strict=True) if n}


def rejected_in(spark: SparkSession, format_: Format, name: str, limit: int) -> list[str | None]:
    """Return lines in the view of the fields that are no entries, None for one that is not UTF-8."""
    sql = f"select {LINE} from {name} where not ({_is_entry(format_)}) limit {limit}"  # noqa: S608 - our own text
    return [row[0] for row in spark.sql(transpiled(sql, "spark")).collect()]


def parquet_of(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    """Return Parquet files of the schema's columns, in its types; a column that is not there is NULL."""
    from pyspark.sql import functions as f

    read = spark.read.option("mergeSchema", "true").parquet(*paths)
    kinds = {"TIMESTAMPTZ": "timestamp", "VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "DOUBLE": "double"}
    columns = [(f.col(name) if name in read.columns else f.lit(None)).cast(kinds[kind]).alias(name) for name, kind in COLUMNS.items()]
    return read.select(*columns)
