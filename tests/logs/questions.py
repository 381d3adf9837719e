"""What every analysis is asked, on whatever engine, and how its answer is compared with the oracle's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.logs.analyses import Entries, sql_of
from helpers.logs.schema import COLUMNS
from tests.logs.corpora import FORMATS, corpus
from tests.logs.failing import write
from tests.logs.oracle import ORACLE

AT_US = 1_772_525_400_000_000  # ten minutes in
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("traffic", {"bucket_s": 60}),
    ("traffic", {"bucket_s": 7.5}),
    ("routes", {}),
    ("slowest", {"count": 25}),
    ("errors", {}),
    ("versions", {"before": "v1", "after": "v2"}),
    ("versions", {"before": "1.4.0", "after": "1.5.0"}),
    ("onset_series", {"bucket_s": 60, "slow_ms": 0}),
    ("onset_series", {"bucket_s": 30, "slow_ms": 50.5}),
    ("onset_parts", {"at_us": AT_US, "slow_ms": 0}),
    ("onset_parts", {"at_us": AT_US, "slow_ms": 50.5}),
    ("trace", {"id": "r35"}),
    ("trace", {"id": f"{35:032x}"}),
    ("trace", {"id": "it's %_\\ \" none"}),
    ("concurrency", {"bucket_s": 60}),
    ("concurrency", {"bucket_s": 0.25}),
]


def label(question: tuple[str, dict[str, Any]]) -> str:
    """Return a test's id."""
    return " ".join([question[0], *map(str, question[1].values())])


def dirty(folder: Path, seed: int, lines: int = 150) -> list[Path]:
    """Write the dirty corpus of every format; return the files."""
    for name in FORMATS:
        (folder / f"{name}.log").write_bytes(corpus(name, seed, lines=lines)[0])
    return [folder / f"{name}.log" for name in FORMATS]


def failing(folder: Path, seed: int) -> list[Path]:
    """Write the logs of a service that fails; return the files."""
    return write(folder, seed)


def entries_in(logs: Entries) -> list[dict[str, Any]]:
    """Return the entries as the oracle takes them; that they are read right is for test_corpora.py."""
    names = ", ".join("epoch_us(timestamp) as timestamp" if name == "timestamp" else name for name in COLUMNS)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in logs.rows(f"select {names} from entries", {})]
    for row in rows:
        if row["timestamp"] is not None:
            row["timestamp"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["timestamp"])
    return rows


def answered(logs: Entries, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of an analysis, without the fingerprint, which is a hash."""
    rows = [tuple(row) for row in logs.rows(sql_of(name), parameters)]
    return sorted((row[1:] for row in rows), key=lambda r: (-r[2], str(r))) if name == "errors" else rows


def expected(entries: list[dict[str, Any]], name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the oracle's rows."""
    return ORACLE[name](entries, **parameters)


def differences(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> list[Any]:
    """Return the first rows that differ in more than the last bits of a float."""
    pairs = [(f, w) for f, w in zip(found, wanted, strict=False) if not same(f, w)]
    return [("rows", len(found), len(wanted))] * (len(found) != len(wanted)) + pairs[:3]


def same(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether two rows are equal, floats to a part in a billion."""
    return len(found) == len(wanted) and all(
        f == (pytest.approx(w, rel=1e-9, abs=1e-9) if isinstance(w, float) else w) for f, w in zip(found, wanted, strict=True)
    )
