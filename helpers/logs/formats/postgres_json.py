"""PostgreSQL's jsonlog (15 and newer)."""

from __future__ import annotations

from helpers.logs.format import Column, JsonFormat, column, text, time, whole

DURATION = r"regexp_extract(\"message\", '^duration: ([0-9.]+) ms', 1)".replace("\\", "")

FORMAT = JsonFormat(
    "postgres_json",
    columns={
        "timestamp": time("timestamp"),
        "severity_text": text("error_severity"),
        "body": text("message"),
        "duration_ms": Column(f"nullif({DURATION}, '')", f"as_number({DURATION})"),
        "client_address": text("remote_host"),
        "process_pid": whole("pid"),
        "application_name": text("application_name"),
        "exception_message": column("case when \"error_severity\" in ('ERROR', 'FATAL', 'PANIC') then \"message\" end"),
        "db_system_name": column("'postgresql'"),
        "db_namespace": text("dbname"),
        "db_query_text": text("statement"),
        "db_response_status_code": text("state_code"),
    },
    wants=("error_severity", "pid", "session_id|backend_type", "timestamp"),
)
