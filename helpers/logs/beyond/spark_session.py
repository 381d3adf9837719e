"""A session of Spark, set up as the analyses need it: a cluster's, or one on this machine."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import Unreachable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["SCHEME", "lacking", "session"]

SCHEME = "spark://"
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",  # what does not convert is NULL, and counted
    "spark.sql.caseSensitive": "true",  # JSON's keys are
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}",
}


def lacking() -> str:
    """Return what is missing to ask Spark, with how to get it; empty: nothing is."""
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        return "PySpark is not installed: `make spark` gets it, or `pip install 'backend-runbooks[spark]'`."
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "PySpark needs Java 17 or newer, and there is none: install a JRE, or set JAVA_HOME."
    return ""


def session(master: str) -> SparkSession:
    """Return a session set up as the analyses need it. Raises Unreachable when PySpark, Java or the cluster is not there."""
    missing = lacking()
    if missing:
        raise Unreachable("spark", "Spark cannot be asked.", remedy=missing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark's own, of deprecated calls it makes itself
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("runbook").master(master)
        for name, value in _SETTINGS.items():
            builder = builder.config(name, value)
        if master.startswith("local"):
            builder = (
                builder.config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
            )
        try:
            spark = builder.getOrCreate()
        except (PySparkException, Py4JError, OSError) as error:
            raise Unreachable("spark", f"{master} does not answer.", remedy="Its address, as `spark://HOST:7077`.") from error
    spark.sparkContext.setLogLevel("ERROR")
    return spark
