"""Samples and tables as parquet beside the evidence, chained into it by their hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.contracts import Sample
from helpers.incident.evidence import plain
from helpers.redaction import redact_value, write_bytes

__all__ = ["keep_table", "read_samples"]


def keep_table(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Write rows to `evidence/NNNN-<name>.parquet`, redacted, and return {path, sha256, rows} for the record.

    A column whose values are of several types is kept as text: a table must not fail for what others wrote.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    clean = [redact_value(plain(row)) for row in rows]
    columns = {key: [row.get(key) for row in clean] for key in (clean[0] if clean else {})}
    arrays = {}
    for key, values in columns.items():
        try:
            arrays[key] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            arrays[key] = pa.array([None if v is None else str(v) for v in values])
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays), buffer, compression="none")  # uncompressed: the writer can see a secret in it
    (folder / "evidence").mkdir(exist_ok=True)
    number = len(list((folder / "evidence").iterdir())) + 1
    path = f"evidence/{number:04d}-{name}.parquet"
    write_bytes(folder / path, buffer.getvalue())
    return {"path": path, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "rows": len(rows)}


def read_samples(folder: Path, table: Mapping[str, Any]) -> list[Sample]:
    """Return the samples of a `measured` record, in the order they were taken."""
    import pyarrow.parquet as pq

    return [Sample(**row) for row in pq.read_table(folder / str(table["path"])).to_pylist()]
