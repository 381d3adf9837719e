"""structlog's JSONRenderer: one object a line, the message under `event`."""

from __future__ import annotations

from helpers.logs.format import HTTP, JsonFormat, column, text, time

FORMAT = JsonFormat(
    "structlog_json",
    columns={
        **HTTP,
        "timestamp": time("timestamp", "ts", "time"),
        "severity_text": column('upper("level")'),
        "body": text("event"),
        "logger_name": text("logger"),
        "exception_stacktrace": text("exception", "stack"),
    },
    wants=("event", "timestamp|ts|time"),
)
