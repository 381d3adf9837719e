"""Spark on this machine, for tests: one session a module; where PySpark or Java is not there, they skip and say how to get it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.logs.beyond.spark_session import lacking, session


@pytest.fixture(scope="module")
def spark() -> Iterator[object]:
    """A local session."""
    if missing := lacking():
        pytest.skip(missing)
    found = session("local[2]")
    yield found
    found.stop()
