"""The one schema every log is read into: OpenTelemetry's names in snake case, with DuckDB's types.

Source: OpenTelemetry semantic conventions (HTTP, database, exception, deployment, cloud). `duration_ms` is in milliseconds, as people
read it; `timestamp` is UTC.
"""

from __future__ import annotations

__all__ = ["COLUMNS"]

COLUMNS = {
    "timestamp": "TIMESTAMPTZ",
    "severity_text": "VARCHAR",
    "body": "VARCHAR",
    "http_request_method": "VARCHAR",
    "http_route": "VARCHAR",
    "url_path": "VARCHAR",
    "url_query": "VARCHAR",
    "http_response_status_code": "INTEGER",
    "duration_ms": "DOUBLE",
    "request_id": "VARCHAR",
    "trace_id": "VARCHAR",
    "span_id": "VARCHAR",
    "client_address": "VARCHAR",
    "user_agent_original": "VARCHAR",
    "http_response_body_size": "BIGINT",
    "server_address": "VARCHAR",
    "host_name": "VARCHAR",
    "process_pid": "BIGINT",
    "service_name": "VARCHAR",
    "service_version": "VARCHAR",
    "deployment_id": "VARCHAR",
    "deployment_environment_name": "VARCHAR",
    "cloud_region": "VARCHAR",
    "tenant_id": "VARCHAR",
    "logger_name": "VARCHAR",
    "application_name": "VARCHAR",
    "error_type": "VARCHAR",
    "exception_message": "VARCHAR",
    "exception_stacktrace": "VARCHAR",
    "db_system_name": "VARCHAR",
    "db_namespace": "VARCHAR",
    "db_query_text": "VARCHAR",
    "db_response_status_code": "VARCHAR",
    "cache_status": "VARCHAR",
}
"""Column → type. A format gives those it knows; the others are NULL of that type."""
