"""results.parquet: one row per run, for whoever asks many batches at once."""

from __future__ import annotations

import io
import json
from typing import Any

from helpers.redaction import redact, write_bytes
from helpers.runner.batches.results import ResultRow, Results

__all__ = ["COLUMNS", "write_table"]

COLUMNS = {
    "batch": "string", "run": "string", "runbook": "string", "profile": "string", "parameters": "string", "verdict": "string",
    "exit_code": "int64", "cause": "string", "subject": "string", "summary": "string", "change": "string", "before": "string",
    "attempts": "int64", "started_at": "string", "duration_s": "double", "folder": "string",
}  # fmt: skip


def write_table(results: Results) -> None:
    """Write results.parquet into the batch's folder; `parameters` is a JSON text, `before` the verdict of the batch before."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(name, getattr(pyarrow, {"double": "float64"}.get(kind, kind))()) for name, kind in COLUMNS.items()])
    rows = [_row(results, row) for row in results.rows]
    kept = io.BytesIO()
    # Uncompressed, a known secret would be found in it by the writer's own check.
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), kept, compression="none", use_dictionary=False)
    write_bytes(results.folder / "results.parquet", kept.getvalue())


def _row(results: Results, row: ResultRow) -> dict[str, Any]:
    outcome, change = row.outcome, row.change
    values = {
        "batch": results.folder.name,
        **{name: getattr(row, name) for name in ("run", "runbook", "profile", "attempts")},
        **{
            name: getattr(outcome, name)
            for name in ("verdict", "exit_code", "cause", "subject", "summary", "started_at", "duration_s", "folder")
        },
        "parameters": json.dumps(row.parameters, sort_keys=True, ensure_ascii=False, default=str),
        "change": change.kind if change else "",
        "before": change.before if change else "",
    }
    return {name: redact(value) if isinstance(value, str) else value for name, value in values.items()}
