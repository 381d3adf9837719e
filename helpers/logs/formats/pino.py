"""pino, as Next.js and Node services use it: numeric levels, epoch milliseconds, errors under `err`."""

from __future__ import annotations

from helpers.logs.format import HTTP, Column, JsonFormat, column, number, text, time, whole

_LEVEL = """case try_cast("level" as integer) when 10 then 'TRACE' when 20 then 'DEBUG' when 30 then 'INFO' when 40 then 'WARN' when 50 then 'ERROR'
    when 60 then 'FATAL' else upper("level") end"""

FORMAT = JsonFormat(
    "pino",
    columns={
        **HTTP,
        "timestamp": time("time", "timestamp"),
        "severity_text": Column('"level"', _LEVEL),
        "body": text("msg", "message"),
        "http_request_method": text("method", "\"req\"->>'method'"),
        "url_path": column('path_of(coalesce("path", "url", "req"->>\'url\'))'),
        "url_query": column('query_of(coalesce("path", "url", "req"->>\'url\'))'),
        "http_response_status_code": whole("status", "statusCode", "\"res\"->>'statusCode'"),
        "duration_ms": number("responseTime", "duration_ms", "duration"),
        "request_id": text("request_id", "requestId", "reqId", "\"req\"->>'id'"),
        "error_type": column("\"err\"->>'type'"),
        "exception_message": column("\"err\"->>'message'"),
        "exception_stacktrace": column("\"err\"->>'stack'"),
    },
    wants=("level", "time", "msg|hostname"),
    nested=("err", "req", "res"),
)
