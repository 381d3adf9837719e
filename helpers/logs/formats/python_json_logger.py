"""python-json-logger and other formatters of the standard library's records: `message`, `levelname`, `asctime`."""

from __future__ import annotations

from helpers.logs.format import HTTP, JsonFormat, column, text, time

FORMAT = JsonFormat(
    "python_json_logger",
    columns={
        **HTTP,
        "timestamp": time("timestamp", "asctime", "time", "created"),
        "severity_text": column('upper(coalesce("levelname", "level"))'),
        "body": text("message"),
        "logger_name": text("name", "logger"),
        "exception_stacktrace": text("exc_info", "exception"),
    },
    wants=("message", "levelname|asctime"),
)
