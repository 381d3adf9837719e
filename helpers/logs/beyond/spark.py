"""Logs that lie where Spark reads them, as one table `entries`: the same questions, answered by its machines.

`spark://HOST:PORT` is a cluster, `spark://local` or `spark://local[2]` this machine. PySpark is an extra of its own: `make spark`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from helpers.errors import ParameterError
from helpers.logs.account import FileAccount, Rejected, reason_of, shown
from helpers.logs.beyond.dialects import transpiled
from helpers.logs.beyond.macros import Macros, macros_in
from helpers.logs.beyond.spark_session import SCHEME, session
from helpers.logs.format import Format, JsonFormat
from helpers.logs.formats import formats, recognise
from helpers.logs.moments import microseconds

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkLogs"]

_SAMPLE = 200  # lines that a format is recognised by


class SparkLogs:
    """Log files read by Spark as one table `entries` of the schema; use as a context manager, so that the session ends."""

    def __init__(
        self,
        spark: SparkSession,
        paths: Sequence[str],
        *,
        as_format: str = "",
        extra: Sequence[Format] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        self._spark = spark
        self._defined: Macros = {}
        self._sources = [_Source(spark, path, number, as_format, extra) for number, path in enumerate(paths)]
        if not paths:
            raise ParameterError("No path is named for Spark to read.", remedy='logs = ["spark://HOST:7077", "s3a://bucket/logs/*.ndjson"]')
        entries = reduce(lambda one, other: one.unionByName(other), (source.entries for source in self._sources))
        for sign, at in ((">=", since), ("<", until)):
            entries = entries.where(f"unix_micros(timestamp) {sign} {microseconds(at)}") if at else entries
        entries.createOrReplaceTempView("entries")

    @classmethod
    def open(cls, address: str, paths: Sequence[str], **how: Any) -> SparkLogs:
        """Return the logs behind paths and globs, each of one format, or Parquet of the schema, as Spark sees them.

        Args:
            address: `spark://HOST:PORT`, or `spark://local[N]`; a path may follow it.
            paths: What Spark's reader takes: files, folders, globs, of any file system it knows.
            how: `as_format`, the name of the format of all files (empty: recognised path by path, by content), `extra`, formats of the
                user's own, and `since` and `until`, moments; as of the class itself.

        Raises:
            Unreachable: PySpark, Java or the cluster is not there.
            ParameterError: nothing matches, or no format fits a path.

        """
        master, slash, path = address.removeprefix(SCHEME).partition("/")
        spark = session(master if master.startswith("local") else SCHEME + master)
        try:
            return cls(spark, [*([slash + path] if path else []), *paths], **how)
        except BaseException:
            spark.stop()
            raise

    def frame(self, sql: str, parameters: Mapping[str, Any] = {}, /) -> pd.DataFrame:
        """Return the rows of one query over `entries`, written in DuckDB's dialect."""
        frame: pd.DataFrame = self._asked(sql, parameters).to_pandas()
        return frame

    def rows(self, sql: str, parameters: Mapping[str, Any] = {}, /) -> list[tuple[Any, ...]]:
        """Return the rows of one query over `entries`, as tuples; times are UTC without a zone."""
        return [tuple(row.values()) for row in self._asked(sql, parameters).to_pylist()]

    def _asked(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        import pyarrow as pa

        found = self._spark.sql(transpiled(sql, "spark", defined=self._defined), args=dict(parameters)).toArrow()
        naive = [pa.field(one.name, pa.timestamp("us")) if pa.types.is_timestamp(one.type) else one for one in found.schema]
        return found.cast(pa.schema(naive))

    def define(self, statement: str, /) -> None:
        """Use a macro, created as DuckDB creates one, in the questions to come."""
        self._defined = {**self._defined, **macros_in(statement)}

    def account(self) -> list[FileAccount]:
        """Return where the lines of each path went; an unfinished last line counts as what it is read as."""
        return [source.account() for source in self._sources]

    def rejected(self, limit: int = 20, /) -> Iterator[tuple[Path, Rejected]]:
        """Yield up to `limit` rejected lines a path; Spark does not number lines, each is line 0."""
        for source in self._sources:
            for line in source.rejected(limit):
                yield Path(source.path), line

    def close(self) -> None:
        """End the session."""
        self._spark.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Source:
    """One path: its format, its lines and its entries."""

    def __init__(self, spark: SparkSession, path: str, number: int, as_format: str, extra: Sequence[Format]) -> None:
        from pyspark.errors import AnalysisException

        from helpers.logs.beyond.spark_reading import entries_of, fields_of, lines_of, parquet_of

        self.path, self._lines = path, None
        try:
            if path.endswith(".parquet") or as_format == "parquet":
                self.name, self.entries = "parquet", parquet_of(spark, [path])
                return
            self._lines = lines_of(spark, path)
            format_ = _format(self._lines, path, as_format, extra)
        except AnalysisException as error:
            raise ParameterError(
                f"Spark finds no log file at {path}.", remedy="A path, folder or glob that all its machines can read."
            ) from error
        self.name, self._format = format_.name, format_
        self._spark, self._view = spark, f"fields_{number}"
        self.entries = entries_of(spark, fields_of(self._lines, format_), format_, self._view)

    def rejected(self, limit: int) -> Iterator[Rejected]:
        from helpers.logs.beyond.spark_reading import rejected_in

        found = rejected_in(self._spark, self._format, self._view, limit) if self._lines is not None else []
        for line in found:
            as_json = isinstance(self._format, JsonFormat)
            yield (
                Rejected(0, "not UTF-8", "")
                if line is None
                else Rejected(0, reason_of(line.encode(), as_json=as_json), shown(line.encode()))
            )

    def account(self) -> FileAccount:
        from pyspark.sql import functions as f

        from helpers.logs.beyond.spark_reading import parsed_in

        if self._lines is None:
            parsed = self.entries.count()
            return FileAccount(Path(self.path), self.name, "none", parsed, parsed, 0, 0, 0)
        parsed, mismatched = parsed_in(self._spark, self._format, self._view)
        blank = f.sum((f.regexp_replace("value", r"\s+", "") == "").cast("int"))
        lines, empty = self._lines.agg(f.count("*"), f.coalesce(blank, f.lit(0))).first() or (0, 0)
        return FileAccount(Path(self.path), self.name, "none", lines, parsed, lines - empty - parsed, empty, 0, mismatched=mismatched)


def _format(lines: DataFrame, path: str, as_format: str, extra: Sequence[Format]) -> Format:
    if as_format:
        if as_format not in formats():
            raise ParameterError(f"There is no log format {as_format!r}.", remedy=f"Known: {', '.join(formats())}, parquet.")
        return formats()[as_format]
    seen = [row.value.encode() for row in lines.where("trim(value) <> ''").limit(_SAMPLE).collect()]
    found = recognise(seen, extra=extra)
    if found is None:
        raise ParameterError(f"{path}: no known log format fits.", remedy=f"Name one: {', '.join(formats())}, or parquet.")
    return found
